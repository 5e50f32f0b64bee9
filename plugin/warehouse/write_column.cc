// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write_column.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/value_text.h"

namespace aft {
namespace {

// Every value in its text form but texts themselves, and its end.
constexpr size_t kTextWidth = 64;
// What a driver is told of the size of text without a limit.
constexpr SQLULEN kAnySize = 1U << 30;

struct OdbcTypes {
  SQLSMALLINT c_type;
  SQLSMALLINT sql_type;
};

OdbcTypes TypesOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kBit:
      return {SQL_C_BIT, SQL_BIT};
    case Encoding::kInteger:
    case Encoding::kRealAsInteger:
      return {SQL_C_SBIGINT, SQL_BIGINT};
    case Encoding::kUnsigned:
      return {SQL_C_UBIGINT, SQL_BIGINT};
    case Encoding::kReal:
    case Encoding::kFiniteReal:
    case Encoding::kIntegerAsReal:
      return {SQL_C_DOUBLE, SQL_DOUBLE};
    case Encoding::kBinary:
      return {SQL_C_BINARY, SQL_LONGVARBINARY};
    case Encoding::kDecimalText:
      return {SQL_C_CHAR, SQL_DECIMAL};
    case Encoding::kDateText:
      return {SQL_C_CHAR, SQL_TYPE_DATE};
    case Encoding::kTimeText:
      return {SQL_C_CHAR, SQL_TYPE_TIME};
    case Encoding::kTimestampText:
    case Encoding::kUtcText:
      return {SQL_C_CHAR, SQL_TYPE_TIMESTAMP};
    case Encoding::kText:
    case Encoding::kTextWithoutNul:
    case Encoding::kAsText:
    case Encoding::kNull:
      break;
  }
  return {SQL_C_CHAR, SQL_LONGVARCHAR};
}

}  // namespace

WriteColumn::WriteColumn(ArrowColumn column, Encoding encoding, int second_digits,
                         std::string doing)
    : column_(std::move(column)),
      encoding_(encoding),
      second_digits_(second_digits),
      doing_(std::move(doing)) {}

size_t WriteColumn::Width(int64_t row) const {
  switch (TypesOf(encoding_).c_type) {
    case SQL_C_BIT:
      return 1;
    case SQL_C_SBIGINT:
    case SQL_C_UBIGINT:
    case SQL_C_DOUBLE:
      return 8;
    default:
      break;
  }
  const ValueType& type = column_.type();
  if (type.kind == Kind::kDecimal) {
    return kTextWidth + static_cast<size_t>(std::abs(type.scale));
  }
  if (type.kind != Kind::kText && type.kind != Kind::kBinary) return kTextWidth;
  return (column_.IsNull(row) ? 0 : column_.Bytes(row).size()) + 1;
}

bool WriteColumn::Reserve(size_t rows, size_t width) {
  const bool is_there = rows == 1 && !indicators_.empty() && width <= width_;
  // sqliteodbc 0.9998 keeps the length of the first bytes until they are bound anew.
  if (is_there) return encoding_ == Encoding::kBinary;
  // A single value gets room for longer ones to come; several lie side by side.
  width_ = rows == 1 ? std::max(width, width_ * 2) : width;
  if (rows > indicators_.size()) indicators_.resize(rows);
  if (rows * width_ > buffer_.size()) buffer_.resize(rows * width_);
  return true;
}

void WriteColumn::Bind(odbc::Statement& statement, SQLUSMALLINT number) {
  const auto [c_type, sql_type] = TypesOf(encoding_);
  odbc::Parameter parameter;
  parameter.c_type = c_type;
  parameter.sql_type = sql_type;
  parameter.size = kAnySize;
  const ValueType& type = column_.type();
  if (sql_type == SQL_DECIMAL) {
    parameter.size = static_cast<SQLULEN>(type.precision);
    parameter.decimal_digits = static_cast<SQLSMALLINT>(type.scale);
  } else if (sql_type == SQL_TYPE_TIMESTAMP || sql_type == SQL_TYPE_TIME) {
    parameter.size = sql_type == SQL_TYPE_TIME ? 18 : 29;
    parameter.decimal_digits =
        static_cast<SQLSMALLINT>(std::min(type.digits, second_digits_));
  } else if (sql_type == SQL_TYPE_DATE) {
    parameter.size = 10;
  }
  parameter.value = buffer_.data();
  parameter.capacity = static_cast<SQLLEN>(width_);
  parameter.indicator = indicators_.data();
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

void WriteColumn::Load(size_t slot, int64_t row, int64_t row_number) {
  indicators_[slot] = SQL_NULL_DATA;
  if (column_.IsNull(row)) return;
  switch (encoding_) {
    case Encoding::kNull:
      return;
    case Encoding::kBit:
      return PutNumber<unsigned char>(slot, column_.Boolean(row) ? 1 : 0);
    case Encoding::kInteger:
    case Encoding::kIntegerAsReal:
      return PutInteger(slot, row, row_number);
    case Encoding::kUnsigned:
      return PutNumber(slot, column_.Unsigned(row));
    case Encoding::kReal:
    case Encoding::kFiniteReal:
    case Encoding::kRealAsInteger:
      return PutReal(slot, row, row_number);
    case Encoding::kText:
    case Encoding::kTextWithoutNul:
      return PutText(slot, row, row_number);
    case Encoding::kBinary:
      return Put(slot, column_.Bytes(row));
    default:
      break;
  }
  if (column_.type().kind == Kind::kReal && std::isnan(column_.Real(row))) return;
  Put(slot, TextOf(row, row_number));
}

void WriteColumn::PutInteger(size_t slot, int64_t row, int64_t row_number) {
  const bool is_boolean = column_.type().kind == Kind::kBoolean;
  const int64_t value = is_boolean ? int64_t{column_.Boolean(row)} : column_.Integer(row);
  if (value < 0 && column_.type().is_unsigned) {
    Refuse(row_number, Text("the integer ", column_.Unsigned(row),
                            ", which is beyond 64 bits with a sign; give the column a "
                            "text type with column_types"));
  }
  if (encoding_ == Encoding::kInteger) return PutNumber(slot, value);
  const auto real = static_cast<double>(value);
  if (real >= 0x1p63 || static_cast<int64_t>(real) != value) {
    Refuse(row_number,
           Text("the integer ", value, ", which a column of doubles can't hold exactly"));
  }
  PutNumber(slot, real);
}

void WriteColumn::PutReal(size_t slot, int64_t row, int64_t row_number) {
  const double value = column_.Real(row);
  if (encoding_ == Encoding::kReal) return PutNumber(slot, value);
  if (std::isnan(value)) return;
  if (encoding_ == Encoding::kFiniteReal) {
    if (std::isinf(value)) Refuse(row_number, "infinity, which the database can't hold");
    return PutNumber(slot, value);
  }
  const bool is_integer =
      value >= -0x1p63 && value < 0x1p63 && std::trunc(value) == value;
  if (!is_integer) {
    Refuse(row_number, Text("the double ", FormatReal(value),
                            ", which a column of integers can't hold"));
  }
  PutNumber(slot, static_cast<int64_t>(value));
}

void WriteColumn::PutText(size_t slot, int64_t row, int64_t row_number) {
  const std::string_view text = column_.Bytes(row);
  if (!IsUtf8(text)) Refuse(row_number, "text that isn't valid UTF-8");
  if (encoding_ == Encoding::kTextWithoutNul &&
      text.find('\0') != std::string_view::npos) {
    Refuse(row_number, "text with a NUL character, which the database can't hold");
  }
  Put(slot, text);
}

std::string WriteColumn::TextOf(int64_t row, int64_t row_number) const {
  const ValueType& type = column_.type();
  switch (type.kind) {
    case Kind::kBoolean:
      return column_.Boolean(row) ? "true" : "false";
    case Kind::kInteger:
      return type.is_unsigned ? Text(column_.Unsigned(row)) : Text(column_.Integer(row));
    case Kind::kReal:
      return FormatReal(column_.Real(row));
    case Kind::kDecimal:
      return FormatDecimal(column_.Decimal(row), type.scale);
    case Kind::kDate:
      return Present(FormatDate(column_.Integer(row)), row_number);
    case Kind::kTime:
    case Kind::kTimestamp:
      return TemporalText(row, row_number);
    default:
      return std::string(column_.Bytes(row));
  }
}

std::string WriteColumn::TemporalText(int64_t row, int64_t row_number) const {
  const ValueType& type = column_.type();
  const int digits = std::min(type.digits, second_digits_);
  int64_t units = 1;
  for (int more = type.digits; more > digits; --more) units *= 10;
  const int64_t value = column_.Integer(row);
  if (value % units != 0) {
    Refuse(row_number,
           Text("a time with more than ", digits,
                " digits behind the second's point, which the table's column ",
                "doesn't keep; round it first"));
  }
  if (type.kind == Kind::kTime) {
    return Present(FormatTime(value / units, digits), row_number);
  }
  const bool has_zone = type.has_zone && encoding_ != Encoding::kUtcText;
  return Present(FormatTimestamp(value / units, digits, has_zone), row_number);
}

std::string WriteColumn::Present(const std::optional<std::string>& text,
                                 int64_t row_number) const {
  if (!text) Refuse(row_number, "a date or time outside of the years 1 to 9999");
  return *text;
}

void WriteColumn::Refuse(int64_t row_number, std::string_view what) const {
  throw Error(Text("cannot ", doing_, ": column '", column_.name(), "', row ", row_number,
                   " holds ", what));
}

}  // namespace aft
