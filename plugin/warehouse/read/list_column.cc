// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/list_column.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/warehouse/arrow/variable_builder.h"
#include "plugin/warehouse/read/cell_text.h"
#include "plugin/warehouse/values/value_text.h"

namespace aft {
namespace {

/// The array without what says where its indices begin: "[0:1]={1,2}".
std::string_view WithoutBounds(std::string_view array) {
  if (!array.starts_with('[')) return array;
  const size_t braces = array.find('{');
  return braces == std::string_view::npos ? array : array.substr(braces);
}

/// What the elements of a list are read as, each like the cell of a column.
ReadColumnPlan ElementPlan(const ReadColumnPlan& column) {
  ReadColumnPlan plan = column;
  plan.type = Leaf(column.type);
  plan.is_inferred = false;
  return plan;
}

/// Takes the texts of arrays apart.
class ListColumn final : public ColumnConverter {
 public:
  ListColumn(const ReadColumnPlan& column, const std::string& relation)
      : type_(column.type),
        element_(ElementPlan(column)),
        source_{column.name, relation},
        lists_(static_cast<size_t>(Depth(column.type))),
        elements_(MakeConverter(element_, relation)) {}

  void AppendBlock(const BlockColumn& values, const RowRange& rows) override {
    cells_.clear();
    owned_.clear();
    std::vector<size_t> ends;
    for (size_t i = 0; i < rows.count; ++i) {
      const std::string_view cell = values.cells[rows.from + i];
      const auto number = rows.number + static_cast<int64_t>(i);
      if (cell.data() == nullptr) {
        lists_.front().AppendNull(EndOf(0));
      } else if (!Parse(WithoutBounds(cell))) {
        source_.Refuse(number,
                       Text(DescribeCell(cell, CellFormat::kText), " in a column of ",
                            Describe(type_)),
                       "cast the column in the query to text");
      }
      ends.push_back(cells_.size());
    }
    AppendElements(ends, rows.number);
    appended_ += cells_.size();
    rounded_ = elements_->rounded();
  }

  Unique<ArrowArray> Finish() override {
    appended_ = 0;
    cells_.clear();
    Unique<ArrowArray> array = elements_->Finish();
    for (size_t level = lists_.size(); level-- > 0;) {
      array = lists_[level].Finish(std::move(array));
    }
    return array;
  }

 private:
  /// How many elements the lists of that level have so far.
  [[nodiscard]] size_t EndOf(size_t level) const {
    const bool is_last = level + 1 == lists_.size();
    return is_last ? appended_ + cells_.size() : lists_[level + 1].length();
  }

  /// False for what is no array of as many dimensions.
  [[nodiscard]] bool Parse(std::string_view array) {
    size_t level = 0;
    for (size_t at = 0; at < array.size();) {
      const char c = array[at];
      if (c == '{') {
        if (++level > lists_.size()) return false;
        ++at;
      } else if (c == '}') {
        // Only the whole array may be empty; one of fewer dimensions has elements here.
        lists_[level - 1].Append(EndOf(level - 1));
        ++at;
        if (--level == 0) return at == array.size();
      } else if (c == ',') {
        ++at;
      } else if (level == lists_.size()) {
        at = c == '"' ? TakeQuoted(array, at + 1) : TakePlain(array, at);
      } else {
        return false;
      }
    }
    return false;
  }

  [[nodiscard]] size_t TakePlain(std::string_view array, size_t from) {
    const size_t end = std::min(array.find_first_of(",}", from), array.size());
    const std::string_view text = array.substr(from, end - from);
    cells_.push_back(text == "NULL" ? std::string_view() : Decoded(text));
    return end;
  }

  /// Where the text behind the closing quote begins.
  [[nodiscard]] size_t TakeQuoted(std::string_view array, size_t from) {
    size_t end = from;
    bool has_escape = false;
    for (; end < array.size() && array[end] != '"'; ++end) {
      if (array[end] != '\\') continue;
      has_escape = true;
      ++end;
    }
    const std::string_view text = array.substr(from, end - from);
    cells_.push_back(Decoded(has_escape ? Unescaped(text) : text));
    return end + 1;
  }

  [[nodiscard]] std::string_view Unescaped(std::string_view text) {
    std::string& plain = owned_.emplace_back();
    for (size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\\') ++at;
      plain += text[at];
    }
    return plain;
  }

  /// The element as a column of its type would have it.
  [[nodiscard]] std::string_view Decoded(std::string_view text) {
    if (element_.type.kind == Kind::kBoolean) {
      return text == "t" ? "1" : text == "f" ? "0" : text;
    }
    if (element_.type.kind != Kind::kBinary || !text.starts_with("\\x")) return text;
    std::optional<std::string> bytes = ParseHex(text.substr(2));
    return bytes ? owned_.emplace_back(std::move(*bytes)) : text;
  }

  /// `ends` says how many cells there are up to each row, and `number` which row is the
  /// first one.
  void AppendElements(const std::vector<size_t>& ends, int64_t number) {
    BlockColumn cells;
    cells.cells = std::exchange(cells_, {});
    const size_t count = cells.cells.size();
    try {
      elements_->AppendBlock(cells, {0, count, 1});
    } catch (const Error&) {
      // It has counted elements, not rows.
      size_t at = 0;
      for (const size_t end : ends) {
        for (; at < end; ++at) {
          MakeConverter(element_, source_.relation)->AppendBlock(cells, {at, 1, number});
        }
        ++number;
      }
      throw;
    }
    cells_ = std::move(cells.cells);
  }

  ValueType type_;
  ReadColumnPlan element_;
  ColumnSource source_;
  /// Those of each level, the outermost first.
  std::vector<ListBuilder> lists_;
  std::unique_ptr<ColumnConverter> elements_;
  /// The elements of the block, and those before it in the array.
  std::vector<std::string_view> cells_;
  size_t appended_ = 0;
  /// Of elements that are not in the text as they are.
  std::deque<std::string> owned_;
};

}  // namespace

int DimensionsOf(std::string_view array) {
  const std::string_view text = WithoutBounds(array);
  const size_t first = text.find_first_not_of('{');
  return first == std::string_view::npos || text[first] == '}' ? 0
                                                               : static_cast<int>(first);
}

std::unique_ptr<ColumnConverter> MakeListConverter(const ReadColumnPlan& column,
                                                   const std::string& relation) {
  return std::make_unique<ListColumn>(column, relation);
}

}  // namespace aft
