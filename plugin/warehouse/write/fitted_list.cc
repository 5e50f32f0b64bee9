// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/fitted_list.h"

#include <optional>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/values/value_text.h"
#include "plugin/warehouse/write/json_value.h"

namespace aft {
namespace {

/// What the elements go into: of an array of several dimensions, which has one element
/// type, the same column.
TableColumn ElementTarget(const ArrowColumn& element, const TableColumn& target,
                          Form form) {
  TableColumn column = target;
  const bool is_list = element.type().kind == Kind::kList;
  if (form == Form::kArray && !is_list) column.type = target.type.element.front();
  column.replaces_null = false;
  return column;
}

ColumnFit ElementFit(const ArrowColumn& element, const TableColumn& target, Form form) {
  if (form != Form::kArray) return {Form::kText};
  return FitColumn(element.type(), target.type).value_or(ColumnFit{});
}

/// A text within an array's, in quotes: whatever it is, it is no NULL, bracket or comma.
void AppendQuoted(std::string_view value, std::string& text) {
  text += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += '"';
}

}  // namespace

FittedList::FittedList(ArrowColumn element, const TableColumn& target, Form form,
                       const std::string& doing)
    : element_([&] {
        const TableColumn column = ElementTarget(element, target, form);
        const ColumnFit fit = ElementFit(element, column, form);
        return FittedColumn(std::move(element), column, fit, doing);
      }()),
      form_(form) {}

void FittedList::SetArray(const ArrowColumn& lists) {
  const auto [from, count] = lists.AllElements();
  first_ = from;
  element_.SetArray(lists.ElementArray(), from, count, 0);
}

ArrowColumn::Elements FittedList::ElementsOf(const ArrowColumn& lists,
                                             int64_t row) const {
  ArrowColumn::Elements elements = lists.List(row);
  elements.from -= first_;
  return elements;
}

const std::string& FittedList::Text(const ArrowColumn& lists, int64_t row,
                                    const CellPlace& place) {
  text_.clear();
  if (form_ == Form::kArray) {
    Sizes sizes{};
    sizes.fill(kUnknown);
    AppendArray(lists, row, place, sizes, 0, text_);
  } else {
    AppendJsonList(lists, row, place, text_);
  }
  return text_;
}

void FittedList::AppendJsonList(const ArrowColumn& lists, int64_t row,
                                const CellPlace& place, std::string& text) {
  const ArrowColumn::Elements elements = ElementsOf(lists, row);
  const int64_t end = elements.from + elements.count;
  FittedList* const inner = element_.list();
  text += '[';
  for (int64_t at = elements.from; at < end; ++at) {
    if (at > elements.from) text += ", ";
    if (element_.IsNull(at)) {
      text += "null";
    } else if (inner != nullptr) {
      inner->AppendJsonList(element_.column(), at, place, text);
    } else {
      AppendJson(text, element_.column(), at, place);
    }
  }
  text += ']';
}

void FittedList::AppendArray(const ArrowColumn& lists, int64_t row,
                             const CellPlace& place, Sizes& sizes, size_t level,
                             std::string& text) {
  const ArrowColumn::Elements elements = ElementsOf(lists, row);
  const int64_t end = elements.from + elements.count;
  int64_t& size = sizes.at(level);
  if (size == kUnknown) size = elements.count;
  if (elements.count != size || (level > 0 && elements.count == 0)) {
    RefuseMisfit(place, elements.count == 0
                            ? "an empty list within a list, which no array holds"
                            : "lists of different lengths within a list, which no array "
                              "holds");
  }
  element_.SetRowNumber(place.row_number);
  FittedList* const inner = element_.list();
  text += '{';
  for (int64_t at = elements.from; at < end; ++at) {
    if (at > elements.from) text += ',';
    if (inner == nullptr) {
      AppendElement(at, text);
    } else if (element_.IsNull(at)) {
      RefuseMisfit(place, "NULL among the lists within a list, which no array holds");
    } else {
      inner->AppendArray(element_.column(), at, place, sizes, level + 1, text);
    }
  }
  text += '}';
}

void FittedList::AppendElement(int64_t at, std::string& text) {
  if (element_.IsNull(at) || element_.form() == Form::kNull) {
    text += "NULL";
    return;
  }
  switch (element_.form()) {
    case Form::kBoolean:
      text += element_.Boolean(at) ? 't' : 'f';
      return;
    case Form::kInteger:
      text += std::to_string(element_.Integer(at));
      return;
    case Form::kUnsigned:
      text += std::to_string(element_.Unsigned(at));
      return;
    case Form::kReal:
      text += FormatReal(element_.Real(at));
      return;
    case Form::kBytes:
      return AppendQuoted("\\x" + FormatHex(element_.Bytes(at)), text);
    default:
      return AppendQuoted(element_.Text(at, /*says_zone=*/true, buffer_), text);
  }
}

}  // namespace aft
