// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write_column.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/value_text.h"

namespace aft {
namespace {

constexpr size_t kFirstCapacity = 64;
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

WriteColumn::WriteColumn(ArrowColumn column, Encoding encoding, std::string doing)
    : column_(std::move(column)),
      encoding_(encoding),
      doing_(std::move(doing)),
      buffer_(kFirstCapacity) {}

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
    parameter.decimal_digits = static_cast<SQLSMALLINT>(type.digits);
  } else if (sql_type == SQL_TYPE_DATE) {
    parameter.size = 10;
  }
  parameter.value = buffer_.data();
  parameter.capacity = static_cast<SQLLEN>(buffer_.size());
  parameter.indicator = &indicator_;
  statement.BindParameter(number, parameter);
}

bool WriteColumn::Put(std::string_view bytes) {
  indicator_ = static_cast<SQLLEN>(bytes.size());
  const bool has_grown = bytes.size() >= buffer_.size();
  if (has_grown) buffer_.resize(std::max(bytes.size() + 1, buffer_.size() * 2));
  std::copy(bytes.begin(), bytes.end(), buffer_.begin());
  buffer_[bytes.size()] = '\0';
  return has_grown;
}

template <typename T>
bool WriteColumn::PutNumber(T value) {
  indicator_ = sizeof value;
  std::memcpy(buffer_.data(), &value, sizeof value);
  return false;
}

bool WriteColumn::Load(int64_t row, int64_t row_number) {
  if (column_.IsNull(row)) {
    indicator_ = SQL_NULL_DATA;
    return false;
  }
  switch (encoding_) {
    case Encoding::kNull:
      return false;
    case Encoding::kBit:
      return PutNumber<unsigned char>(column_.Boolean(row) ? 1 : 0);
    case Encoding::kInteger:
    case Encoding::kIntegerAsReal:
      return PutInteger(row, row_number);
    case Encoding::kUnsigned:
      return PutNumber(column_.Unsigned(row));
    case Encoding::kReal:
    case Encoding::kRealAsInteger:
      return PutReal(row, row_number);
    case Encoding::kText:
    case Encoding::kTextWithoutNul:
      return PutText(row, row_number);
    case Encoding::kBinary:
      // sqliteodbc 0.9998 keeps the length of the first value until it is bound anew.
      (void)Put(column_.Bytes(row));
      return true;
    default:
      break;
  }
  if (column_.type().kind == Kind::kReal && std::isnan(column_.Real(row))) {
    indicator_ = SQL_NULL_DATA;
    return false;
  }
  return Put(TextOf(row, row_number));
}

bool WriteColumn::PutInteger(int64_t row, int64_t row_number) {
  const bool is_boolean = column_.type().kind == Kind::kBoolean;
  const int64_t value = is_boolean ? int64_t{column_.Boolean(row)} : column_.Integer(row);
  if (value < 0 && column_.type().is_unsigned) {
    Refuse(row_number, Text("the integer ", column_.Unsigned(row),
                            ", which is beyond 64 bits with a sign; give the column a "
                            "text type with column_types"));
  }
  if (encoding_ == Encoding::kInteger) return PutNumber(value);
  const auto real = static_cast<double>(value);
  if (real >= 0x1p63 || static_cast<int64_t>(real) != value) {
    Refuse(row_number,
           Text("the integer ", value, ", which a column of doubles can't hold exactly"));
  }
  return PutNumber(real);
}

bool WriteColumn::PutReal(int64_t row, int64_t row_number) {
  const double value = column_.Real(row);
  if (encoding_ == Encoding::kReal) return PutNumber(value);
  if (std::isnan(value)) {
    indicator_ = SQL_NULL_DATA;
    return false;
  }
  const bool is_integer =
      value >= -0x1p63 && value < 0x1p63 && std::trunc(value) == value;
  if (!is_integer) {
    Refuse(row_number, Text("the double ", FormatReal(value),
                            ", which a column of integers can't hold"));
  }
  return PutNumber(static_cast<int64_t>(value));
}

bool WriteColumn::PutText(int64_t row, int64_t row_number) {
  const std::string_view text = column_.Bytes(row);
  if (!IsUtf8(text)) Refuse(row_number, "text that isn't valid UTF-8");
  if (encoding_ == Encoding::kTextWithoutNul &&
      text.find('\0') != std::string_view::npos) {
    Refuse(row_number, "text with a NUL character, which the database can't hold");
  }
  return Put(text);
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
      return Present(FormatTime(column_.Integer(row), type.digits), row_number);
    case Kind::kTimestamp:
      return Present(FormatTimestamp(column_.Integer(row), type.digits, type.has_zone),
                     row_number);
    default:
      return std::string(column_.Bytes(row));
  }
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
