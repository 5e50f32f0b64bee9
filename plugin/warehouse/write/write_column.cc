// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/write_column.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace aft {
namespace {

// What a driver is told of the size of text without a limit.
constexpr SQLULEN kAnySize = 1U << 30;

SQLSMALLINT CTypeOf(Form form, const ParameterStyle& style) {
  switch (form) {
    case Form::kBoolean:
      return style.has_bits ? SQL_C_BIT : SQL_C_SBIGINT;
    case Form::kInteger:
      return SQL_C_SBIGINT;
    case Form::kUnsigned:
      return SQL_C_UBIGINT;
    case Form::kReal:
      return SQL_C_DOUBLE;
    case Form::kBytes:
      return SQL_C_BINARY;
    default:
      return SQL_C_CHAR;
  }
}

SQLSMALLINT SqlTypeOf(Form form, const ParameterStyle& style) {
  switch (form) {
    case Form::kBoolean:
      return style.has_bits ? SQL_BIT : SQL_BIGINT;
    case Form::kInteger:
    case Form::kUnsigned:
      return SQL_BIGINT;
    case Form::kReal:
      return SQL_DOUBLE;
    case Form::kBytes:
      return SQL_LONGVARBINARY;
    case Form::kDecimal:
      return SQL_DECIMAL;
    case Form::kDate:
      return style.has_dates ? SQL_TYPE_DATE : SQL_LONGVARCHAR;
    case Form::kTime:
      return style.has_times ? SQL_TYPE_TIME : SQL_LONGVARCHAR;
    case Form::kTimestamp:
      return style.has_timestamps ? SQL_TYPE_TIMESTAMP : SQL_LONGVARCHAR;
    case Form::kText:
    case Form::kArray:
    case Form::kNull:
      break;
  }
  return SQL_LONGVARCHAR;
}

}  // namespace

WriteColumn::WriteColumn(FittedColumn column, const ParameterStyle& style)
    : column_(std::move(column)),
      style_(style),
      c_type_(CTypeOf(column_.form(), style)),
      sql_type_(SqlTypeOf(column_.form(), style)) {}

size_t WriteColumn::Width(int64_t row) const {
  switch (c_type_) {
    case SQL_C_BIT:
      return 1;
    case SQL_C_SBIGINT:
    case SQL_C_UBIGINT:
    case SQL_C_DOUBLE:
      return 8;
    case SQL_C_BINARY:
      return (column_.IsNull(row) ? 0 : column_.Bytes(row).size()) + 1;
    default:
      return column_.TextWidth(row) + 1;
  }
}

bool WriteColumn::Reserve(size_t rows, size_t width) {
  const bool is_there = rows == 1 && !indicators_.empty() && width <= width_;
  // sqliteodbc 0.9998 keeps the length of the first bytes until they are bound anew.
  if (is_there) return c_type_ == SQL_C_BINARY;
  // A single value gets room for longer ones to come; several lie side by side.
  width_ = rows == 1 ? std::max(width, width_ * 2) : width;
  if (rows > indicators_.size()) indicators_.resize(rows);
  if (rows * width_ > buffer_.size()) buffer_.resize(rows * width_);
  return true;
}

void WriteColumn::Bind(odbc::Statement& statement, SQLUSMALLINT number, size_t first) {
  odbc::Parameter parameter;
  parameter.c_type = c_type_;
  parameter.sql_type = sql_type_;
  parameter.size = kAnySize;
  const ValueType& values = column_.values();
  const ColumnType& type = column_.target().type;
  if (sql_type_ == SQL_DECIMAL) {
    parameter.size = static_cast<SQLULEN>(type.precision.value_or(values.precision));
    parameter.decimal_digits =
        static_cast<SQLSMALLINT>(type.precision ? type.scale : values.scale);
  } else if (sql_type_ == SQL_TYPE_TIMESTAMP || sql_type_ == SQL_TYPE_TIME) {
    parameter.size = sql_type_ == SQL_TYPE_TIME ? 18 : 29;
    parameter.decimal_digits =
        static_cast<SQLSMALLINT>(std::min(values.digits, type.second_digits));
  } else if (sql_type_ == SQL_TYPE_DATE) {
    parameter.size = 10;
  }
  parameter.value = buffer_.data() + first * width_;
  parameter.capacity = static_cast<SQLLEN>(width_);
  parameter.indicator = indicators_.data() + first;
  statement.BindParameter(number, parameter);
}

void WriteColumn::Put(size_t slot, std::string_view bytes) {
  assert(bytes.size() < width_);
  indicators_[slot] = static_cast<SQLLEN>(bytes.size());
  char* const place = buffer_.data() + slot * width_;
  std::copy(bytes.begin(), bytes.end(), place);
  place[bytes.size()] = '\0';
}

template <typename T>
void WriteColumn::PutNumber(size_t slot, T value) {
  indicators_[slot] = sizeof value;
  std::memcpy(buffer_.data() + slot * width_, &value, sizeof value);
}

void WriteColumn::Load(size_t slot, int64_t row) {
  indicators_[slot] = SQL_NULL_DATA;
  if (column_.IsNull(row) || column_.form() == Form::kNull) {
    return column_.CheckNull(row);
  }
  switch (column_.form()) {
    case Form::kBoolean:
      if (c_type_ == SQL_C_BIT) {
        return PutNumber<unsigned char>(slot, column_.Boolean(row) ? 1 : 0);
      }
      return PutNumber(slot, int64_t{column_.Boolean(row)});
    case Form::kInteger:
      return PutNumber(slot, column_.Integer(row));
    case Form::kUnsigned:
      return PutNumber(slot, column_.Unsigned(row));
    case Form::kReal:
      return PutNumber(slot, column_.Real(row));
    case Form::kBytes:
      return Put(slot, column_.Bytes(row));
    default:
      return Put(slot, column_.Text(row, style_.says_zone, text_));
  }
}

}  // namespace aft
