// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/sqlite_type.h"

#include <array>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/values/fold_case.h"

namespace aft {
namespace {

// sqliteodbc 0.9998 cuts what stands in parentheses off a type's name, so that the unit
// has to be part of the name.
constexpr std::array<std::pair<int, std::string_view>, 3> kUnits = {
    {{0, "_S"}, {3, "_MS"}, {9, "_NS"}}};

ValueType DeclaredTemporal(Kind kind, std::string_view name) {
  ValueType type{kind};
  for (const auto& [digits, suffix] : kUnits) {
    if (name.ends_with(FoldCase(suffix))) type.digits = digits;
  }
  type.has_zone = kind == Kind::kTimestamp &&
                  (name.starts_with("timestamptz") ||
                   (name.find("with time zone") != std::string_view::npos &&
                    name.find("without time zone") == std::string_view::npos));
  return type;
}

ColumnKind KindOf(const SqliteType& declared) {
  if (declared.is_open) return ColumnKind::kNumber;
  switch (declared.type.kind) {
    case Kind::kBoolean:
      return ColumnKind::kBoolean;
    case Kind::kInteger:
      return ColumnKind::kInteger;
    case Kind::kReal:
      return ColumnKind::kReal;
    case Kind::kText:
      return ColumnKind::kText;
    case Kind::kBinary:
      return ColumnKind::kBinary;
    case Kind::kDate:
      return ColumnKind::kDate;
    case Kind::kTime:
      return ColumnKind::kTime;
    default:
      return ColumnKind::kTimestamp;
  }
}

}  // namespace

SqliteType ReadSqliteType(std::string_view type_name) {
  const std::string name = FoldCase(type_name);
  const auto has = [&](std::string_view part) {
    return name.find(part) != std::string::npos;
  };
  if (name.starts_with("timestamp") || name.starts_with("datetime")) {
    return {DeclaredTemporal(Kind::kTimestamp, name)};
  }
  if (name == "date") return {{Kind::kDate}};
  if (name == "time" || name.starts_with("time_") || name.starts_with("time(")) {
    return {DeclaredTemporal(Kind::kTime, name)};
  }
  if (name.starts_with("bool") || name == "bit") return {{Kind::kBoolean}};
  if (has("int") && !has("point") && !has("interval")) return {{Kind::kInteger}};
  if (has("char") || has("clob") || has("text")) return {{Kind::kText}};
  if (has("blob") || has("binary")) return {{Kind::kBinary}};
  if (has("real") || has("floa") || has("doub")) return {{Kind::kReal}};
  if (has("num") || has("decimal")) return {{Kind::kReal}, true};
  return {{Kind::kNull}, true};
}

std::string SqliteTypeName(const ValueType& type) {
  std::string unit;
  for (const auto& [digits, suffix] : kUnits) {
    if (type.digits == digits) unit = suffix;
  }
  switch (type.kind) {
    case Kind::kNull:
      return "";
    case Kind::kBoolean:
      return "BOOLEAN";
    case Kind::kInteger:
      return "INTEGER";
    case Kind::kReal:
      return "REAL";
    case Kind::kDecimal:
      // Of decimals whose digits are not known yet: numbers, or the write is refused.
      if (type.is_guessed && type.precision == 38)
        return Text("DECIMAL(15, ", type.scale, ")");
      // SQLite's numbers hold 15 digits; a text holds them all.
      if (type.precision > 15 || type.scale < 0) return "TEXT";
      return Text("DECIMAL(", type.precision, ", ", type.scale, ")");
    case Kind::kText:
    case Kind::kUuid:
    case Kind::kJson:
    case Kind::kList:
      return "TEXT";
    case Kind::kBinary:
      return "BLOB";
    case Kind::kDate:
      return "DATE";
    case Kind::kTime:
      return "TIME" + unit;
    case Kind::kTimestamp:
      return (type.has_zone ? "TIMESTAMPTZ" : "TIMESTAMP") + unit;
  }
  return "";
}

// SQLite keeps whatever it is given, of any length and number of digits. Of a column
// without any type it keeps the value's own type as well; of an unknown type, it makes
// numbers of texts that look like some.
ColumnType SqliteColumnType(std::string_view type_name) {
  const SqliteType declared = ReadSqliteType(type_name);
  ColumnType type;
  type.kind = type_name.empty() ? ColumnKind::kAny : KindOf(declared);
  type.bits = type.kind == ColumnKind::kReal ? 53 : 64;
  type.holds_nul = true;
  type.holds_nan = false;
  const bool has_seconds =
      type.kind == ColumnKind::kTime || type.kind == ColumnKind::kTimestamp;
  if (has_seconds) type.second_digits = declared.type.digits;
  if (type.kind == ColumnKind::kTimestamp) type.has_zone = declared.type.has_zone;
  return type;
}

}  // namespace aft
