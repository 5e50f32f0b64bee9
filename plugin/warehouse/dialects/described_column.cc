// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/described_column.h"

#include <algorithm>

#include "host_shim/error.h"

namespace aft {
namespace {

ValueType IntegerType(int bits, bool is_unsigned) {
  ValueType type{Kind::kInteger};
  type.bits = bits;
  type.is_unsigned = is_unsigned;
  return type;
}

// An Arrow decimal has as many.
constexpr int kMostDigits = 38;
// With more places, it leaves less before the point than a bigint needs.
constexpr int kMostPlaces = 18;

/// More digits than an Arrow decimal has, as of the sum of a bigint, are seldom used.
bool IsTooWide(const odbc::ColumnDescription& column) {
  return column.size > kMostDigits && column.decimal_digits > kMostPlaces;
}

ValueType DecimalType(const odbc::ColumnDescription& column) {
  const int precision = static_cast<int>(std::min<SQLULEN>(column.size, kMostDigits));
  const int scale = column.decimal_digits;
  if (IsTooWide(column)) return {Kind::kReal};
  // What fits no Arrow decimal is read as text, which keeps every digit.
  if (precision < 1 || scale < 0 || scale > precision) return {Kind::kText};
  ValueType type{Kind::kDecimal};
  type.precision = precision;
  type.scale = scale;
  return type;
}

ValueType TemporalType(Kind kind, SQLSMALLINT decimal_digits) {
  ValueType type{kind};
  type.digits = decimal_digits > 6 ? 9 : 6;
  return type;
}

ValueType TypeOf(const odbc::ColumnDescription& column) {
  switch (column.sql_type) {
    case SQL_BIT:
      return {Kind::kBoolean};
    case SQL_TINYINT:
      return IntegerType(16, false);
    case SQL_SMALLINT:
      return IntegerType(column.is_unsigned ? 32 : 16, false);
    case SQL_INTEGER:
      return IntegerType(column.is_unsigned ? 64 : 32, false);
    case SQL_BIGINT:
      return IntegerType(64, column.is_unsigned);
    case SQL_REAL:
    case SQL_FLOAT:
    case SQL_DOUBLE:
      return {Kind::kReal};
    case SQL_DECIMAL:
    case SQL_NUMERIC:
      return DecimalType(column);
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY:
      return {Kind::kBinary};
    case SQL_TYPE_DATE:
      return {Kind::kDate};
    case SQL_TYPE_TIME:
      return TemporalType(Kind::kTime, column.decimal_digits);
    case SQL_TYPE_TIMESTAMP:
      return TemporalType(Kind::kTimestamp, column.decimal_digits);
    default:
      return {Kind::kText};
  }
}

CellFormat FormatOf(const ValueType& type, SQLSMALLINT sql_type) {
  const bool is_wide =
      sql_type == SQL_WCHAR || sql_type == SQL_WVARCHAR || sql_type == SQL_WLONGVARCHAR;
  if (is_wide) return CellFormat::kWideText;
  switch (type.kind) {
    case Kind::kBoolean:
    case Kind::kInteger:
    case Kind::kReal:
    case Kind::kBinary:
      return CellFormat::kNative;
    default:
      return CellFormat::kText;
  }
}

/// The bytes of a text or of binary data of the described size, which counts characters.
size_t WidthOf(const odbc::ColumnDescription& column, CellFormat format) {
  constexpr SQLULEN kMost = 1U << 24;
  constexpr size_t kLongestCharacter = 4;
  switch (column.sql_type) {
    case SQL_CHAR:
    case SQL_VARCHAR:
    case SQL_LONGVARCHAR:
    case SQL_WCHAR:
    case SQL_WVARCHAR:
    case SQL_WLONGVARCHAR:
      return column.size < kMost ? column.size * kLongestCharacter : 0;
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY:
      return format == CellFormat::kNative && column.size < kMost ? column.size : 0;
    default:
      return 0;
  }
}

ColumnKind ColumnKindOf(SQLSMALLINT sql_type) {
  switch (sql_type) {
    case SQL_BIT:
      return ColumnKind::kBoolean;
    case SQL_TINYINT:
    case SQL_SMALLINT:
    case SQL_INTEGER:
    case SQL_BIGINT:
      return ColumnKind::kInteger;
    case SQL_REAL:
    case SQL_FLOAT:
    case SQL_DOUBLE:
      return ColumnKind::kReal;
    case SQL_DECIMAL:
    case SQL_NUMERIC:
      return ColumnKind::kDecimal;
    case SQL_CHAR:
    case SQL_VARCHAR:
    case SQL_LONGVARCHAR:
    case SQL_WCHAR:
    case SQL_WVARCHAR:
    case SQL_WLONGVARCHAR:
      return ColumnKind::kText;
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY:
      return ColumnKind::kBinary;
    case SQL_TYPE_DATE:
      return ColumnKind::kDate;
    case SQL_TYPE_TIME:
      return ColumnKind::kTime;
    case SQL_TYPE_TIMESTAMP:
      return ColumnKind::kTimestamp;
    default:
      return ColumnKind::kOther;
  }
}

int BitsOf(SQLSMALLINT sql_type) {
  switch (sql_type) {
    case SQL_TINYINT:
      return 8;
    case SQL_SMALLINT:
      return 16;
    case SQL_INTEGER:
      return 32;
    case SQL_REAL:
      return 24;
    case SQL_FLOAT:
    case SQL_DOUBLE:
      return 53;
    default:
      return 64;
  }
}

}  // namespace

ReadColumnPlan PlanByDescription(const odbc::ColumnDescription& column) {
  ReadColumnPlan plan;
  plan.name = column.name;
  plan.type = TypeOf(column);
  const bool is_decimal =
      column.sql_type == SQL_DECIMAL || column.sql_type == SQL_NUMERIC;
  plan.is_decimal = is_decimal && plan.type.kind == Kind::kReal;
  plan.format =
      plan.is_decimal ? CellFormat::kText : FormatOf(plan.type, column.sql_type);
  plan.width = WidthOf(column, plan.format);
  return plan;
}

std::string DecimalTypeName(const ValueType& type, int most_digits) {
  constexpr int kLeastGuessedScale = 9;
  const int scale = std::max(type.scale, type.is_guessed ? kLeastGuessedScale : 0);
  const int needed = std::max(type.precision - type.scale, 0) + std::max(type.scale, 0);
  const int precision = std::max({most_digits, needed, scale});
  return Text("decimal(", precision, ", ", scale, ")");
}

ColumnType TypeByDescription(const odbc::ColumnDescription& column) {
  constexpr SQLULEN kMostDigits = 1000;
  ColumnType type;
  type.kind = ColumnKindOf(column.sql_type);
  type.bits = BitsOf(column.sql_type);
  type.is_unsigned = column.is_unsigned;
  if (type.kind == ColumnKind::kDecimal) {
    if (column.size > 0 && column.size <= kMostDigits) {
      type.precision = static_cast<int>(column.size);
      type.holds_infinity = false;
    }
    type.scale = column.decimal_digits;
  }
  const bool has_seconds =
      type.kind == ColumnKind::kTime || type.kind == ColumnKind::kTimestamp;
  if (has_seconds) type.second_digits = column.decimal_digits;
  return type;
}

}  // namespace aft
