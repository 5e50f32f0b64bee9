// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/sqlite_type.h"

#include <array>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/fold_case.h"

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

std::optional<Encoding> EncodeInteger(const SqliteType& declared) {
  if (declared.type.kind == Kind::kReal && !declared.is_open) {
    return Encoding::kIntegerAsReal;
  }
  if (declared.is_open || declared.type.kind == Kind::kInteger) return Encoding::kInteger;
  return std::nullopt;
}

std::optional<Encoding> EncodeReal(const SqliteType& declared) {
  if (declared.type.kind == Kind::kInteger) return Encoding::kRealAsInteger;
  if (declared.is_open || declared.type.kind == Kind::kReal) return Encoding::kReal;
  return std::nullopt;
}

/// Decimals of up to 15 digits come back from a double by rounding; longer ones only
/// from text.
std::optional<Encoding> EncodeDecimal(const ValueType& type, const SqliteType& declared) {
  const bool is_number = declared.is_open || declared.type.kind == Kind::kReal;
  if (is_number && type.precision <= 15) return Encoding::kDecimalText;
  return std::nullopt;
}

std::optional<Encoding> EncodeTemporal(const ValueType& type,
                                       const SqliteType& declared) {
  const bool is_same = declared.type.kind == type.kind &&
                       declared.type.has_zone == type.has_zone &&
                       declared.type.digits >= type.digits;
  return is_same ? std::optional(Encoding::kAsText) : std::nullopt;
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
      // SQLite's numbers hold 15 digits; a text holds them all.
      if (type.precision > 15 || type.scale < 0) return "TEXT";
      return Text("DECIMAL(", type.precision, ", ", type.scale, ")");
    case Kind::kText:
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

std::optional<Encoding> SqliteEncoding(const ValueType& type,
                                       std::string_view type_name) {
  const SqliteType declared = ReadSqliteType(type_name);
  // Only a column without any type keeps what it is given; of an unknown type, SQLite
  // makes numbers of texts that look like some.
  const bool is_untyped = type_name.empty();
  const bool is_same = declared.type.kind == type.kind || is_untyped;
  const bool is_text = declared.type.kind == Kind::kText;
  switch (type.kind) {
    case Kind::kNull:
      return Encoding::kNull;
    case Kind::kText:
      return is_same ? std::optional(Encoding::kText) : std::nullopt;
    case Kind::kBinary:
      return is_same ? std::optional(Encoding::kBinary) : std::nullopt;
    default:
      if (is_text) return Encoding::kAsText;
  }
  switch (type.kind) {
    case Kind::kBoolean:
      return is_same ? Encoding::kInteger : EncodeInteger(declared);
    case Kind::kInteger:
      return EncodeInteger(declared);
    case Kind::kReal:
      return EncodeReal(declared);
    case Kind::kDecimal:
      return is_untyped ? Encoding::kAsText : EncodeDecimal(type, declared);
    default:
      return is_untyped ? Encoding::kAsText : EncodeTemporal(type, declared);
  }
}

}  // namespace aft
