// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/mariadb_type.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "host_shim/error.h"
#include "plugin/warehouse/fold_case.h"

namespace aft {
namespace {

/// What a column's type holds, so far as it matters here.
enum class Family {
  kInteger,
  kDecimal,
  kDouble,
  kText,
  kBytes,
  kDate,
  kTime,
  kWallClock,
  kInstant,
  kOther,
};

Family FamilyOf(std::string_view type_name) {
  const std::string base = FoldCase(type_name.substr(0, type_name.find_first_of(" (")));
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), base) != names.end();
  };
  if (is({"tinyint", "smallint", "mediumint", "int", "integer", "bigint", "boolean",
          "bool", "bit"})) {
    return Family::kInteger;
  }
  if (is({"decimal", "numeric", "dec", "fixed"})) return Family::kDecimal;
  if (is({"double", "real"})) return Family::kDouble;
  // A char without its width is cut at its last blanks.
  if (is({"varchar", "tinytext", "text", "mediumtext", "longtext", "json", "enum"})) {
    return Family::kText;
  }
  if (is({"varbinary", "tinyblob", "blob", "mediumblob", "longblob"})) {
    return Family::kBytes;
  }
  if (is({"date"})) return Family::kDate;
  if (is({"time"})) return Family::kTime;
  if (is({"datetime"})) return Family::kWallClock;
  if (is({"timestamp"})) return Family::kInstant;
  return Family::kOther;
}

std::optional<Encoding> EncodeNumber(const ValueType& type, Family family) {
  switch (family) {
    case Family::kInteger:
      if (type.kind == Kind::kBoolean) return Encoding::kBit;
      if (type.kind == Kind::kReal) return Encoding::kRealAsInteger;
      if (type.kind == Kind::kDecimal && type.scale > 0) return std::nullopt;
      break;
    case Family::kDecimal:
      // The server warns of each digit that it leaves out.
      if (type.kind == Kind::kReal) return Encoding::kFiniteReal;
      break;
    case Family::kDouble:
      if (type.kind == Kind::kReal) return Encoding::kFiniteReal;
      if (type.kind == Kind::kDecimal) return std::nullopt;
      return Encoding::kIntegerAsReal;
    default:
      return std::nullopt;
  }
  if (type.kind == Kind::kDecimal) return Encoding::kDecimalText;
  const bool is_large = type.bits == 64 && type.is_unsigned;
  return type.kind == Kind::kInteger && is_large ? Encoding::kUnsigned
                                                 : Encoding::kInteger;
}

std::optional<Encoding> EncodeTemporal(const ValueType& type, Family family) {
  switch (family) {
    case Family::kDate:
      if (type.kind == Kind::kDate) return Encoding::kDateText;
      break;
    case Family::kTime:
      // The driver's own times have no fraction.
      if (type.kind == Kind::kTime) return Encoding::kAsText;
      break;
    case Family::kWallClock:
      if (type.kind == Kind::kDate) return Encoding::kDateText;
      if (type.kind == Kind::kTimestamp && !type.has_zone)
        return Encoding::kTimestampText;
      break;
    case Family::kInstant:
      // The session's time zone is UTC, and the server takes no other in a value.
      if (type.kind == Kind::kTimestamp && type.has_zone) return Encoding::kUtcText;
      break;
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::string MariadbTypeName(const ValueType& type) {
  switch (type.kind) {
    case Kind::kBoolean:
      return "boolean";
    case Kind::kInteger:
      if (type.bits == 64) return type.is_unsigned ? "bigint unsigned" : "bigint";
      if (type.bits == 32) return type.is_unsigned ? "bigint" : "int";
      return type.is_unsigned ? "int" : "smallint";
    case Kind::kReal:
      return "double";
    case Kind::kDecimal:
      return Text("decimal(", std::max(type.precision, type.scale), ", ",
                  std::max(type.scale, 0), ")");
    case Kind::kBinary:
      return "longblob";
    case Kind::kDate:
      return "date";
    case Kind::kTime:
      return "time(6)";
    case Kind::kTimestamp:
      // Without NULL, some servers would fill it in by themselves.
      return type.has_zone ? "timestamp(6) null" : "datetime(6)";
    case Kind::kText:
    case Kind::kNull:
      break;
  }
  return "longtext";
}

std::optional<Encoding> MariadbEncoding(const ValueType& type,
                                        std::string_view type_name) {
  const Family family = FamilyOf(type_name);
  const bool is_text = family == Family::kText;
  switch (type.kind) {
    case Kind::kNull:
      return Encoding::kNull;
    case Kind::kText:
      return is_text ? std::optional(Encoding::kText) : std::nullopt;
    case Kind::kBinary:
      return family == Family::kBytes ? std::optional(Encoding::kBinary) : std::nullopt;
    default:
      break;
  }
  if (is_text) return Encoding::kAsText;
  const bool is_temporal = type.kind == Kind::kDate || type.kind == Kind::kTime ||
                           type.kind == Kind::kTimestamp;
  return is_temporal ? EncodeTemporal(type, family) : EncodeNumber(type, family);
}

int MariadbSecondDigits(std::string_view type_name) {
  const Family family = FamilyOf(type_name);
  if (family == Family::kText) return 9;
  const size_t open = type_name.find('(');
  if (open == std::string_view::npos) return 0;
  int digits = 0;
  std::from_chars(type_name.data() + open + 1, type_name.data() + type_name.size(),
                  digits);
  return digits;
}

}  // namespace aft
