// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/column_fit.h"

namespace aft {
namespace {

/// In a column that keeps whatever it is given. There is no type for decimals, dates and
/// the like then, so that they are texts.
Form OwnForm(const ValueType& values) {
  switch (values.kind) {
    case Kind::kBoolean:
    case Kind::kInteger:
      return Form::kInteger;
    case Kind::kReal:
      return Form::kReal;
    case Kind::kBinary:
      return Form::kBytes;
    default:
      return Form::kText;
  }
}

/// Whether text is what the values are on some database, so that it may stay their type.
bool IsText(Kind kind) {
  return kind == Kind::kText || kind == Kind::kUuid || kind == Kind::kJson ||
         kind == Kind::kList;
}

bool IsNumber(Kind kind) {
  return kind == Kind::kBoolean || kind == Kind::kInteger || kind == Kind::kReal ||
         kind == Kind::kDecimal;
}

std::optional<Form> NumberForm(const ValueType& values, const ColumnType& column) {
  if (!IsNumber(values.kind)) return std::nullopt;
  const bool is_whole = values.kind == Kind::kBoolean || values.kind == Kind::kInteger;
  const bool is_large =
      values.kind == Kind::kInteger && values.is_unsigned && values.bits == 64;
  switch (column.kind) {
    case ColumnKind::kInteger:
      return column.is_unsigned && column.bits == 64 ? Form::kUnsigned : Form::kInteger;
    case ColumnKind::kNumber:
      return is_whole ? Form::kInteger : Form::kReal;
    case ColumnKind::kDecimal:
      return is_whole && !is_large && column.scale >= 0 ? Form::kInteger : Form::kDecimal;
    default:
      return Form::kReal;
  }
}

std::optional<Form> TimestampForm(const ValueType& values, const ColumnType& column) {
  // A moment on the wall and one in time are different things; a date is of the first
  // kind.
  if (values.kind == Kind::kDate && column.has_zone != true) return Form::kTimestamp;
  if (values.kind != Kind::kTimestamp) return std::nullopt;
  const bool is_same = !column.has_zone || *column.has_zone == values.has_zone;
  return is_same ? std::optional(Form::kTimestamp) : std::nullopt;
}

/// JSON has no bytes.
bool HasJson(const ValueType& values) { return Leaf(values).kind != Kind::kBinary; }

/// Numbers would be the column's own; these texts begin unlike a number, or are checked.
bool IsNoNumber(Kind kind) {
  return kind == Kind::kUuid || kind == Kind::kJson || kind == Kind::kList;
}

std::optional<Form> UuidForm(const ValueType& values) {
  constexpr int kBytes = 16;
  const bool is_uuid = values.kind == Kind::kUuid || values.kind == Kind::kText ||
                       (values.kind == Kind::kBinary && values.width == kBytes);
  return is_uuid ? std::optional(Form::kText) : std::nullopt;
}

std::optional<Form> JsonForm(const ValueType& values) {
  const bool is_json = values.kind == Kind::kJson || values.kind == Kind::kText ||
                       (values.kind == Kind::kList && HasJson(values));
  return is_json ? std::optional(Form::kText) : std::nullopt;
}

std::optional<Form> ArrayForm(const ValueType& values, const ColumnType& column) {
  if (values.kind == Kind::kText) return Form::kText;
  if (values.kind != Kind::kList || Depth(values) > kMostDimensions) return std::nullopt;
  const bool fits = FitColumn(Leaf(values), column.element.front()).has_value();
  return fits ? std::optional(Form::kArray) : std::nullopt;
}

std::optional<Form> FormFor(const ValueType& values, const ColumnType& column) {
  const auto only = [&](Kind kind, Form form) {
    return values.kind == kind ? std::optional(form) : std::nullopt;
  };
  switch (column.kind) {
    case ColumnKind::kAny:
      return OwnForm(values);
    case ColumnKind::kBoolean:
      return only(Kind::kBoolean, Form::kBoolean);
    case ColumnKind::kInteger:
    case ColumnKind::kDecimal:
    case ColumnKind::kReal:
    case ColumnKind::kNumber:
      if (column.kind == ColumnKind::kNumber && IsNoNumber(values.kind)) {
        return HasJson(values) ? std::optional(Form::kText) : std::nullopt;
      }
      return NumberForm(values, column);
    case ColumnKind::kText:
      return HasJson(values) ? std::optional(Form::kText) : std::nullopt;
    case ColumnKind::kBinary:
      return only(Kind::kBinary, Form::kBytes);
    case ColumnKind::kDate:
      if (values.kind == Kind::kTimestamp && !values.has_zone) return Form::kDate;
      return only(Kind::kDate, Form::kDate);
    case ColumnKind::kTime:
      return only(Kind::kTime, Form::kTime);
    case ColumnKind::kTimestamp:
      return TimestampForm(values, column);
    case ColumnKind::kUuid:
      return UuidForm(values);
    case ColumnKind::kJson:
      return JsonForm(values);
    case ColumnKind::kArray:
      return ArrayForm(values, column);
    case ColumnKind::kOther:
      return only(Kind::kText, Form::kText);
  }
  return std::nullopt;
}

}  // namespace

std::optional<ColumnFit> FitColumn(const ValueType& values, const ColumnType& column) {
  if (values.kind == Kind::kNull) return ColumnFit{};
  const std::optional<Form> form = FormFor(values, column);
  if (!form) return std::nullopt;
  if (*form == Form::kArray) {
    const std::optional<ColumnFit> of_leaf =
        FitColumn(Leaf(values), column.element.front());
    return ColumnFit{*form, of_leaf && of_leaf->makes_texts};
  }
  return ColumnFit{*form, column.kind == ColumnKind::kText && !IsText(values.kind)};
}

bool IsColumnFor(const ValueType& values, const ColumnType& column) {
  const std::optional<ColumnFit> fit = FitColumn(values, column);
  return fit && !fit->makes_texts;
}

}  // namespace aft
