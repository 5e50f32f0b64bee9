// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/duckdb_type.h"

#include <array>
#include <charconv>

#include "host_shim/error.h"
#include "plugin/warehouse/dialects/described_column.h"
#include "plugin/warehouse/dialects/named_type.h"

namespace aft {
namespace {

constexpr std::array<NamedType, 28> kTypes = {{
    {"BOOLEAN", ColumnKind::kBoolean},
    {"TINYINT", ColumnKind::kInteger, 8},
    {"SMALLINT", ColumnKind::kInteger, 16},
    {"INTEGER", ColumnKind::kInteger, 32},
    {"BIGINT", ColumnKind::kInteger, 64},
    {"UTINYINT", ColumnKind::kInteger, 8},
    {"USMALLINT", ColumnKind::kInteger, 16},
    {"UINTEGER", ColumnKind::kInteger, 32},
    {"UBIGINT", ColumnKind::kInteger, 64},
    {"HUGEINT", ColumnKind::kDecimal},
    {"UHUGEINT", ColumnKind::kDecimal},
    {"DECIMAL", ColumnKind::kDecimal},
    {"FLOAT", ColumnKind::kReal, 24},
    {"DOUBLE", ColumnKind::kReal, 53},
    {"VARCHAR", ColumnKind::kText},
    {"BLOB", ColumnKind::kBinary},
    {"DATE", ColumnKind::kDate},
    {"TIME", ColumnKind::kTime},
    {"TIME_NS", ColumnKind::kTime},
    {"TIMESTAMP", ColumnKind::kTimestamp},
    {"TIMESTAMP_S", ColumnKind::kTimestamp},
    {"TIMESTAMP_MS", ColumnKind::kTimestamp},
    {"TIMESTAMP_NS", ColumnKind::kTimestamp},
    {"TIMESTAMP WITH TIME ZONE", ColumnKind::kTimestamp},
    {"UUID", ColumnKind::kUuid},
    {"JSON", ColumnKind::kJson},
    {"CHAR", ColumnKind::kText},
    {"TEXT", ColumnKind::kText},
}};

/// "DECIMAL(12,2)" to its digits; what has none is an integer of 38.
void ReadDigits(std::string_view name, ColumnType& type) {
  int precision = 38;
  int scale = 0;
  const size_t open = name.find('(');
  if (open != std::string_view::npos) {
    const char* const end = name.data() + name.size();
    const auto [comma, error] = std::from_chars(name.data() + open + 1, end, precision);
    if (error == std::errc() && comma != end && *comma == ',') {
      std::from_chars(comma + 1, end, scale);
    }
  }
  type.precision = precision;
  type.scale = scale;
  type.holds_infinity = type.holds_nan = false;
}

int SecondDigits(std::string_view name) {
  if (name.ends_with("_NS")) return 9;
  if (name.ends_with("_MS")) return 3;
  return name.ends_with("_S") ? 0 : 6;
}

}  // namespace

ColumnType ReadDuckdbType(std::string_view name) {
  ColumnType type;
  if (name.ends_with(']')) {
    // Of lists of lists, the type below all of them.
    while (name.ends_with(']')) name = name.substr(0, name.rfind('['));
    type.kind = ColumnKind::kArray;
    type.element = {ReadDuckdbType(name)};
    return type;
  }
  const NamedType* const found = FindType(kTypes, name.substr(0, name.find('(')));
  if (found == nullptr) return type;
  type.kind = found->kind;
  type.bits = found->bits;
  type.is_unsigned = name.starts_with('U') && type.kind == ColumnKind::kInteger;
  type.holds_nul = type.kind == ColumnKind::kText;
  if (type.kind == ColumnKind::kDecimal) ReadDigits(name, type);
  if (type.kind == ColumnKind::kTime || type.kind == ColumnKind::kTimestamp) {
    type.second_digits = SecondDigits(name);
    type.has_zone = name.ends_with("ZONE");
  }
  return type;
}

std::string DuckdbTypeName(const ValueType& type) {
  switch (type.kind) {
    case Kind::kBoolean:
      return "BOOLEAN";
    case Kind::kInteger: {
      const std::string_view sign = type.is_unsigned ? "U" : "";
      return Text(sign, type.bits == 8    ? "TINYINT"
                        : type.bits == 16 ? "SMALLINT"
                        : type.bits == 32 ? "INTEGER"
                                          : "BIGINT");
    }
    case Kind::kReal:
      return "DOUBLE";
    case Kind::kDecimal:
      return DecimalTypeName(type);
    case Kind::kBinary:
      return "BLOB";
    case Kind::kDate:
      return "DATE";
    case Kind::kTime:
      return "TIME";
    case Kind::kTimestamp:
      return type.has_zone ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP";
    case Kind::kUuid:
      return "UUID";
    case Kind::kJson:
      return "JSON";
    case Kind::kList:
      return DuckdbTypeName(type.element.front()) + "[]";
    case Kind::kText:
    case Kind::kNull:
      break;
  }
  return "VARCHAR";
}

}  // namespace aft
