// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/postgres_query.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "plugin/warehouse/values/fold_case.h"

namespace aft {
namespace {

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// Walks over a statement word by word.
class Words {
 public:
  explicit Words(std::string_view sql) : sql_(sql) {}

  /// The next word outside of quotes and comments, or any other character; "" at the end.
  std::string_view Next() {
    while (at_ < sql_.size()) {
      const size_t start = at_;
      if (IsWordCharacter(sql_[at_])) return Word();
      if (IsBlank(sql_[at_])) {
        ++at_;
      } else if (!SkipComment() && !SkipQuoted()) {
        ++at_;
        end_ = at_;
        return sql_.substr(start, 1);
      }
    }
    return "";
  }
  /// Behind the last thing that was no blank and no comment.
  [[nodiscard]] size_t end() const { return end_; }

 private:
  std::string_view Word() {
    const size_t start = at_;
    while (at_ < sql_.size() && IsWordCharacter(sql_[at_])) ++at_;
    end_ = at_;
    const std::string_view word = sql_.substr(start, at_ - start);
    const bool is_prefix = at_ < sql_.size() && sql_[at_] == '\'';
    if (is_prefix && (word == "e" || word == "E")) SkipString(/*has_escapes=*/true);
    return word;
  }

  bool SkipComment() {
    const std::string_view start = sql_.substr(at_, 2);
    if (start == "--") {
      at_ = std::min(sql_.find('\n', at_), sql_.size());
      return true;
    }
    if (start != "/*") return false;
    // They nest.
    int depth = 0;
    do {
      const std::string_view two = sql_.substr(at_, 2);
      const bool is_mark = two == "/*" || two == "*/";
      if (is_mark) depth += two == "/*" ? 1 : -1;
      at_ += is_mark ? 2 : 1;
    } while (depth > 0 && at_ < sql_.size());
    at_ = std::min(at_, sql_.size());
    return true;
  }

  bool SkipQuoted() {
    const char c = sql_[at_];
    if (c == '\'' || c == '"') {
      SkipString(/*has_escapes=*/false);
      return true;
    }
    return c == '$' && SkipDollarQuoted();
  }

  void SkipString(bool has_escapes) {
    const char quote = sql_[at_++];
    // Two quotes in a row end one string and begin the next, which comes to the same.
    while (at_ < sql_.size() && sql_[at_] != quote) {
      at_ += has_escapes && sql_[at_] == '\\' ? 2 : 1;
    }
    at_ = std::min(at_ + 1, sql_.size());
    end_ = at_;
  }

  bool SkipDollarQuoted() {
    size_t close = at_ + 1;
    while (close < sql_.size() && IsWordCharacter(sql_[close])) ++close;
    if (close >= sql_.size() || sql_[close] != '$') return false;
    const std::string_view tag = sql_.substr(at_, close + 1 - at_);
    const size_t found = sql_.find(tag, close + 1);
    at_ = found == std::string_view::npos ? sql_.size() : found + tag.size();
    end_ = at_;
    return true;
  }

  std::string_view sql_;
  size_t at_ = 0;
  size_t end_ = 0;
};

bool IsOneOf(std::string_view word, const auto& words) {
  return std::find(words.begin(), words.end(), FoldCase(word)) != words.end();
}

}  // namespace

std::string SubqueryOf(std::string_view sql) {
  static constexpr std::array<std::string_view, 4> kQueries = {"select", "with", "values",
                                                               "table"};
  // A WITH clause that changes rows must not be in a subquery.
  static constexpr std::array<std::string_view, 4> kChanging = {"insert", "update",
                                                                "delete", "merge"};
  Words words(sql);
  std::string_view word = words.Next();
  while (word == "(") word = words.Next();
  if (!IsOneOf(word, kQueries)) return "";
  const bool is_with = FoldCase(word) == "with";
  for (word = words.Next(); !word.empty() && word != ";"; word = words.Next()) {
    if (is_with && IsOneOf(word, kChanging)) return "";
  }
  const size_t end =
      word.empty() ? words.end() : static_cast<size_t>(word.data() - sql.data());
  while (word == ";") word = words.Next();
  return word.empty() ? std::string(sql.substr(0, end)) : "";
}

}  // namespace aft
