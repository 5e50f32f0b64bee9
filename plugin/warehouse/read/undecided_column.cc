// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/undecided_column.h"

#include <string_view>
#include <utility>

#include "plugin/warehouse/read/list_column.h"

namespace aft {
namespace {

Kind KindOfTag(char tag) {
  switch (tag) {
    case 'i':
      return Kind::kInteger;
    case 'r':
      return Kind::kReal;
    case 'b':
      return Kind::kBinary;
    default:
      return Kind::kText;
  }
}

}  // namespace

void UndecidedColumn::AppendBlock(const BlockColumn& values, const RowRange& rows) {
  for (size_t row = rows.from; row < rows.from + rows.count; ++row) {
    const std::string_view cell = values.cells[row];
    const bool is_null = cell.data() == nullptr;
    sizes_.push_back(is_null ? -1 : static_cast<int64_t>(cell.size()));
    if (is_null) continue;
    bytes_ += cell;
    const Kind kind = KindOfTag(cell.front());
    if (first_ == Kind::kNull) first_ = kind;
    kinds_ |= 1U << static_cast<unsigned>(kind);
  }
}

bool UndecidedColumn::needs_rest() const {
  return first_ == Kind::kNull || (first_ == Kind::kInteger && !Has(Kind::kReal));
}

ValueType UndecidedColumn::Decide(const ValueType& when_empty) const {
  if (when_empty.kind == Kind::kList) return DecideLists(when_empty);
  if (kinds_ == 0) return when_empty;
  ValueType type;
  if (first_ != Kind::kNull) {
    type.kind = first_;
  } else {
    for (const Kind kind : {Kind::kInteger, Kind::kReal, Kind::kText, Kind::kBinary}) {
      if (Has(kind)) type.kind = kind;
    }
  }
  if (type.kind == Kind::kInteger && Has(Kind::kReal)) type.kind = Kind::kReal;
  return type;
}

ValueType UndecidedColumn::DecideLists(const ValueType& lists) const {
  ValueType type = lists;
  const std::string_view bytes = bytes_;
  size_t at = 0;
  for (const int64_t size : sizes_) {
    if (size < 0) continue;
    const int dimensions = DimensionsOf(bytes.substr(at, static_cast<size_t>(size)));
    at += static_cast<size_t>(size);
    if (dimensions == 0) continue;
    for (int i = 1; i < dimensions; ++i) {
      ValueType outer{Kind::kList};
      outer.element = {std::move(type)};
      type = std::move(outer);
    }
    return type;
  }
  return type;
}

void UndecidedColumn::Replay(ColumnConverter& converter) const {
  BlockColumn values;
  values.cells.reserve(sizes_.size());
  const std::string_view bytes = bytes_;
  size_t at = 0;
  for (const int64_t size : sizes_) {
    if (size < 0) {
      values.cells.emplace_back();
      continue;
    }
    values.cells.push_back(bytes.substr(at, static_cast<size_t>(size)));
    at += static_cast<size_t>(size);
  }
  converter.AppendBlock(values, {0, sizes_.size(), 1});
}

}  // namespace aft
