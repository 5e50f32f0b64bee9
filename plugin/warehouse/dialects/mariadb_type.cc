// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/mariadb_type.h"

#include <array>
#include <charconv>
#include <vector>

#include "plugin/warehouse/dialects/described_column.h"
#include "plugin/warehouse/dialects/named_type.h"
#include "plugin/warehouse/values/fold_case.h"

namespace aft {
namespace {

constexpr std::array<NamedType, 36> kTypes = {{
    {"tinyint", ColumnKind::kInteger, 8},
    {"boolean", ColumnKind::kInteger, 8},
    {"bool", ColumnKind::kInteger, 8},
    {"smallint", ColumnKind::kInteger, 16},
    {"mediumint", ColumnKind::kInteger, 24},
    {"int", ColumnKind::kInteger, 32},
    {"integer", ColumnKind::kInteger, 32},
    {"bigint", ColumnKind::kInteger, 64},
    {"bit", ColumnKind::kInteger, 1},
    {"decimal", ColumnKind::kDecimal},
    {"numeric", ColumnKind::kDecimal},
    {"dec", ColumnKind::kDecimal},
    {"fixed", ColumnKind::kDecimal},
    {"float", ColumnKind::kReal, 24},
    {"double", ColumnKind::kReal, 53},
    {"real", ColumnKind::kReal, 53},
    {"char", ColumnKind::kText},
    {"varchar", ColumnKind::kText},
    {"tinytext", ColumnKind::kText, 64, 255},
    {"text", ColumnKind::kText, 64, 65535},
    {"mediumtext", ColumnKind::kText, 64, 16777215},
    {"longtext", ColumnKind::kText},
    {"json", ColumnKind::kText},
    {"binary", ColumnKind::kBinary},
    {"varbinary", ColumnKind::kBinary},
    {"tinyblob", ColumnKind::kBinary, 64, 255},
    {"blob", ColumnKind::kBinary, 64, 65535},
    {"mediumblob", ColumnKind::kBinary, 64, 16777215},
    {"longblob", ColumnKind::kBinary},
    {"date", ColumnKind::kDate},
    {"time", ColumnKind::kTime},
    {"datetime", ColumnKind::kTimestamp},
    {"timestamp", ColumnKind::kTimestamp},
    {"uuid", ColumnKind::kUuid},
    {"enum", ColumnKind::kOther},
    {"set", ColumnKind::kOther},
}};

/// The numbers in parentheses behind a type's name.
std::vector<int> Numbers(std::string_view type_name) {
  std::vector<int> numbers;
  for (size_t at = type_name.find('('); at < type_name.size(); ++at) {
    if (type_name[at] == ')') break;
    int number = 0;
    const char* const from = type_name.data() + at + 1;
    const auto [end, error] =
        std::from_chars(from, type_name.data() + type_name.size(), number);
    if (error != std::errc()) break;
    numbers.push_back(number);
    at += static_cast<size_t>(end - from);
  }
  return numbers;
}

constexpr int kFirstWithUuid = 10 * 100 + 7;

}  // namespace

bool HasUuids(std::string_view version) {
  if (version.find("MariaDB") == std::string_view::npos) return false;
  int major = 0;
  int minor = 0;
  const size_t point = version.find('.');
  if (point == std::string_view::npos) return false;
  const std::string_view rest = version.substr(point + 1);
  std::from_chars(version.data(), version.data() + version.size(), major);
  std::from_chars(rest.data(), rest.data() + rest.size(), minor);
  return major * 100 + minor >= kFirstWithUuid;
}

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
      return DecimalTypeName(type);
    case Kind::kBinary:
      return "longblob";
    case Kind::kDate:
      return "date";
    case Kind::kTime:
      return "time(6)";
    case Kind::kTimestamp:
      // Without NULL, some servers would fill it in by themselves.
      return type.has_zone ? "timestamp(6) null" : "datetime(6)";
    case Kind::kUuid:
      return "uuid";
    case Kind::kJson:
    case Kind::kList:
      return "json";
    case Kind::kText:
    case Kind::kNull:
      break;
  }
  return "longtext";
}

ColumnType ReadMariadbType(std::string_view type_name) {
  const std::string name = FoldCase(type_name);
  const std::string_view base =
      std::string_view(name).substr(0, name.find_first_of(" ("));
  ColumnType type;
  const NamedType* const found = FindType(kTypes, base);
  if (found == nullptr) return type;
  const std::vector<int> numbers = Numbers(name);
  const auto number = [&](size_t at, int otherwise) {
    return at < numbers.size() ? numbers[at] : otherwise;
  };
  type.kind = found->kind;
  type.bits = base == "bit" ? number(0, 1) : found->bits;
  type.is_unsigned = base == "bit" || name.find(" unsigned") != std::string::npos;
  type.holds_nul = true;
  type.holds_infinity = false;
  type.holds_nan = false;
  if (type.kind == ColumnKind::kDecimal) {
    type.precision = number(0, 10);
    type.scale = number(1, 0);
  }
  const bool is_fixed = base == "char" || base == "binary";
  const bool is_limited = is_fixed || base == "varchar" || base == "varbinary";
  type.length = is_limited ? number(0, 1) : found->length;
  type.counts_bytes = found->length > 0;
  type.is_padded = base == "binary";
  type.drops_blanks = base == "char";
  const bool has_seconds =
      type.kind == ColumnKind::kTime || type.kind == ColumnKind::kTimestamp;
  if (has_seconds) type.second_digits = number(0, 0);
  if (type.kind == ColumnKind::kTimestamp) type.has_zone = base == "timestamp";
  return type;
}

}  // namespace aft
