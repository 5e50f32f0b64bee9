// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/table_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace aft {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

/// The name under which the database knows it.
std::string Stored(const TableName::Part& part, NameFolding folding) {
  if (folding == NameFolding::kIgnored) return Lower(part.text);
  if (part.is_quoted) return part.text;
  return folding == NameFolding::kLower ? Lower(part.text) : Upper(part.text);
}

struct Token {
  enum class Kind { kName, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;
  bool is_quoted = false;

  [[nodiscard]] bool IsWord(const char* word) const {
    return kind == Kind::kName && !is_quoted && Lower(text) == word;
  }
  [[nodiscard]] bool IsSymbol(char symbol) const {
    return kind == Kind::kSymbol && text[0] == symbol;
  }
};

/// Cuts SQL into names and symbols. Literals are symbols; comments are left out.
class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  Token Next() {
    SkipBlanks();
    if (at_ >= sql_.size()) return {};
    const char c = sql_[at_];
    if (c == '\'') return Literal("'");
    if (c == '$' && DollarMark() > 0) return Literal(sql_.substr(at_, DollarMark()));
    if (c == '"' || c == '`') return Quoted(c);
    // An array's element otherwise: only SQL Server has such names, after these.
    if (c == '[' && may_be_bracketed_) return Quoted(']');
    if (!IsInName(c)) return Symbol();
    std::size_t end = at_;
    while (end < sql_.size() && IsInName(sql_[end])) ++end;
    return Name(end - at_);
  }

 private:
  static bool IsInName(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || c == '$' || c == '#' || byte >= 0x80;
  }

  void SkipBlanks() {
    while (at_ < sql_.size()) {
      if (std::isspace(static_cast<unsigned char>(sql_[at_])) != 0)
        ++at_;
      else if (sql_.substr(at_, 2) == "--")
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      else if (sql_.substr(at_, 2) == "/*")
        at_ = EndOf("*/", at_ + 2);
      else
        return;
    }
  }

  /// The place after the next `mark` from `start` on.
  [[nodiscard]] std::size_t EndOf(std::string_view mark, std::size_t start) const {
    const std::size_t found = sql_.find(mark, start);
    return found == std::string_view::npos ? sql_.size() : found + mark.size();
  }

  /// The length of PostgreSQL's `$tag$` here, or 0.
  [[nodiscard]] std::size_t DollarMark() const {
    const std::size_t end = sql_.find('$', at_ + 1);
    if (end == std::string_view::npos) return 0;
    for (std::size_t i = at_ + 1; i < end; ++i)
      if (!IsInName(sql_[i])) return 0;
    return end + 1 - at_;
  }

  Token Literal(std::string_view mark) {
    at_ = EndOf(mark, at_ + mark.size());
    may_be_bracketed_ = false;
    return {Token::Kind::kSymbol, "'", false};
  }

  Token Quoted(char end) {
    Token token{Token::Kind::kName, "", true};
    ++at_;
    for (; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == end) {
        ++at_;
        // Twice, it stands for itself.
        if (at_ == sql_.size() || sql_[at_] != end) break;
      }
      token.text += sql_[at_];
    }
    may_be_bracketed_ = false;
    return token;
  }

  Token Symbol() {
    may_be_bracketed_ = sql_[at_] == '.' || sql_[at_] == ',';
    return {Token::Kind::kSymbol, std::string(1, sql_[at_++]), false};
  }

  Token Name(std::size_t length) {
    Token token{Token::Kind::kName, std::string(sql_.substr(at_, length)), false};
    at_ += length;
    may_be_bracketed_ = token.IsWord("from") || token.IsWord("join");
    return token;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  bool may_be_bracketed_ = false;
};

std::vector<Token> TokensOf(std::string_view sql) {
  Lexer lexer(sql);
  std::vector<Token> tokens;
  do tokens.push_back(lexer.Next());
  while (tokens.back().kind != Token::Kind::kEnd);
  return tokens;
}

/// Reads the name that begins at `at`, and moves `at` behind it.
TableName TakeName(const std::vector<Token>& tokens, std::size_t& at) {
  TableName name;
  while (tokens[at].kind == Token::Kind::kName) {
    name.parts.push_back({tokens[at].text, tokens[at].is_quoted});
    ++at;
    if (!tokens[at].IsSymbol('.')) break;
    ++at;
  }
  return name;
}

/// The names that `with` defines: `name as (`, `name (columns) as materialized (`.
std::set<std::string> DefinedNames(const std::vector<Token>& tokens) {
  std::set<std::string> names;
  for (std::size_t at = 1; at < tokens.size(); ++at) {
    if (!tokens[at].IsWord("as")) continue;
    std::size_t behind = at + 1;
    while (tokens[behind].IsWord("not") || tokens[behind].IsWord("materialized"))
      ++behind;
    if (!tokens[behind].IsSymbol('(')) continue;
    std::size_t before = at - 1;
    if (tokens[before].IsSymbol(')'))
      while (before > 0 && !tokens[before].IsSymbol('(')) --before;
    if (tokens[before].IsSymbol('(') && before > 0) --before;
    if (tokens[before].kind == Token::Kind::kName)
      names.insert(Lower(tokens[before].text));
  }
  return names;
}

/// Moves `at` to the name of a table behind opening parentheses, unless a query or values
/// begin there.
void OpenTables(const std::vector<Token>& tokens, std::size_t& at) {
  static const std::set<std::string> kOthers = {"select", "with", "values", "from",
                                                "table"};
  std::size_t behind = at;
  while (tokens[behind].IsSymbol('(')) ++behind;
  const Token& token = tokens[behind];
  const bool is_other = !token.is_quoted && kOthers.contains(Lower(token.text));
  if (token.kind == Token::Kind::kName && !is_other) at = behind;
}

/// Moves `at` to the next of the tables that commas part, over aliases, subqueries and
/// joins; false at the end of the list.
bool SkipToNextTable(const std::vector<Token>& tokens, std::size_t& at) {
  static const std::set<std::string> kBehindTables = {
      "where",  "group",   "having", "window", "qualify",  "order", "limit",
      "offset", "fetch",   "for",    "union",  "except",   "minus", "intersect",
      "start",  "connect", "set",    "select", "returning"};
  std::size_t open = 0;
  for (; tokens[at].kind != Token::Kind::kEnd; ++at) {
    const Token& token = tokens[at];
    if (token.IsSymbol('(')) ++open;
    if (token.IsSymbol(')') && open-- == 0) return false;
    if (open > 0) continue;
    if (token.IsSymbol(',')) {
      ++at;
      return true;
    }
    if (token.kind == Token::Kind::kName && !token.is_quoted &&
        kBehindTables.contains(Lower(token.text)))
      return false;
  }
  return false;
}

}  // namespace

NameFolding FoldingOf(std::string_view adapter_type) {
  constexpr std::array<std::string_view, 7> kLower = {
      "postgres",    "redshift",   "greenplum", "cockroachdb",
      "materialize", "risingwave", "alloydb"};
  constexpr std::array<std::string_view, 5> kUpper = {"snowflake", "oracle", "exasol",
                                                      "db2", "firebird"};
  if (std::find(kLower.begin(), kLower.end(), adapter_type) != kLower.end())
    return NameFolding::kLower;
  if (std::find(kUpper.begin(), kUpper.end(), adapter_type) != kUpper.end())
    return NameFolding::kUpper;
  return NameFolding::kIgnored;
}

std::string TableName::Text() const {
  std::string text;
  for (const Part& part : parts) {
    if (!text.empty()) text += '.';
    text += part.is_quoted ? '"' + part.text + '"' : part.text;
  }
  return text;
}

bool IsSameTable(const TableName& a, const TableName& b, NameFolding folding) {
  const std::size_t common = std::min(a.parts.size(), b.parts.size());
  for (std::size_t i = 1; i <= common; ++i)
    if (Stored(a.parts[a.parts.size() - i], folding) !=
        Stored(b.parts[b.parts.size() - i], folding))
      return false;
  if (common != 1 || folding != NameFolding::kLower) return common > 0;
  const TableName& longer = a.parts.size() > 1 ? a : b;
  return longer.parts.size() == 1 ||
         Stored(longer.parts[longer.parts.size() - 2], folding) == "public";
}

bool HaveSameOwnName(const TableName& a, const TableName& b, NameFolding folding) {
  return !a.parts.empty() && !b.parts.empty() &&
         Stored(a.parts.back(), folding) == Stored(b.parts.back(), folding);
}

TableName ParseTableName(std::string_view text) {
  std::size_t at = 0;
  // The bracket of SQL Server stands where a table may begin.
  const std::vector<Token> tokens = TokensOf("from " + std::string(text));
  return TakeName(tokens, ++at);
}

std::vector<TableName> TablesIn(std::string_view sql) {
  const std::vector<Token> tokens = TokensOf(sql);
  const std::set<std::string> defined = DefinedNames(tokens);
  std::vector<TableName> tables;
  const auto take = [&](std::size_t at) {
    if (tokens[at].IsWord("only") || tokens[at].IsWord("lateral")) ++at;
    OpenTables(tokens, at);
    TableName name = TakeName(tokens, at);
    const bool is_function = tokens[at].IsSymbol('(');
    const bool is_defined =
        name.parts.size() == 1 && defined.contains(Lower(name.parts.front().text));
    if (!name.parts.empty() && !is_function && !is_defined)
      tables.push_back(std::move(name));
  };
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (tokens[at].IsWord("join")) take(at + 1);
    // "is distinct from" compares.
    if (!tokens[at].IsWord("from") || (at > 0 && tokens[at - 1].IsWord("distinct")))
      continue;
    std::size_t next = at + 1;
    do take(next);
    while (SkipToNextTable(tokens, next));
  }
  return tables;
}

}  // namespace aft
