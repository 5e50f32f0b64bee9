// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/column_binding.h"

#include <algorithm>

namespace aft {
namespace {

// Of texts and bytes whose length nobody knows. sqliteodbc fills a buffer to its end for
// each value, so that more would cost time.
constexpr size_t kUnknownWidth = 256;
// Drivers describe long texts by some large number.
constexpr size_t kWidestBelieved = 1024;

SQLSMALLINT NativeType(const ValueType& type) {
  switch (type.kind) {
    case Kind::kBinary:
      return SQL_C_BINARY;
    case Kind::kBoolean:
      return SQL_C_BIT;
    case Kind::kReal:
      return SQL_C_DOUBLE;
    default:
      return type.is_unsigned ? SQL_C_UBIGINT : SQL_C_SBIGINT;
  }
}

/// The room for a value as text, with a letter in front of it.
size_t TextWidth(const ReadColumnPlan& column) {
  switch (column.type.kind) {
    case Kind::kBoolean:
      return 8;
    case Kind::kDate:
      return 16;
    case Kind::kInteger:
    case Kind::kTime:
      return 24;
    case Kind::kReal:
    case Kind::kTimestamp:
      return 40;
    case Kind::kDecimal:
      return 48;
    default:
      return kUnknownWidth;
  }
}

ColumnBinding BindingForStruct(Kind kind) {
  ColumnBinding binding;
  const bool is_date = kind == Kind::kDate;
  binding.c_type = is_date ? SQL_C_TYPE_DATE : SQL_C_TYPE_TIMESTAMP;
  binding.width = is_date ? sizeof(SQL_DATE_STRUCT) : sizeof(SQL_TIMESTAMP_STRUCT);
  binding.has_length = false;
  binding.may_be_cut = false;
  binding.null_is_untouched = true;
  return binding;
}

}  // namespace

ColumnBinding BindingFor(const ReadColumnPlan& column, CutValues cut_values) {
  ColumnBinding binding;
  if (column.format == CellFormat::kStruct) return BindingForStruct(column.type.kind);
  if (column.format == CellFormat::kWideText) {
    binding.c_type = SQL_C_WCHAR;
    binding.terminator = sizeof(SQLWCHAR);
  } else if (column.format != CellFormat::kNative) {
    binding.terminator = 1;
  } else {
    binding.c_type = NativeType(column.type);
    binding.has_length = column.type.kind == Kind::kBinary;
  }
  if (!binding.has_length) {
    binding.width = column.type.kind == Kind::kBoolean ? 1 : 8;
    binding.may_be_cut = false;
    return binding;
  }
  const bool is_sure = cut_values == CutValues::kNever;
  const size_t believed = is_sure ? kWidestValue : kWidestBelieved;
  const bool is_known = column.width > 0 && column.width <= believed;
  binding.width = (is_known ? column.width : TextWidth(column)) + binding.terminator;
  // A whole number of the largest unit, so that the buffer's next value is aligned.
  binding.width =
      (binding.width + sizeof(SQLWCHAR) - 1) / sizeof(SQLWCHAR) * sizeof(SQLWCHAR);
  binding.may_be_cut = !is_sure || !is_known;
  return binding;
}

}  // namespace aft
