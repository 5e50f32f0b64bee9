// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/generic_dialect.h"

#include <algorithm>

#include "plugin/warehouse/dialects/described_column.h"
#include "plugin/warehouse/values/fold_case.h"
#include "plugin/warehouse/values/value_text.h"

namespace aft {
namespace {

std::vector<SQLSMALLINT> SqlTypes(const ValueType& type) {
  switch (type.kind) {
    case Kind::kBoolean:
      return {SQL_BIT};
    case Kind::kInteger:
      if (type.bits == 64 && type.is_unsigned) return {SQL_DECIMAL, SQL_NUMERIC};
      if (type.bits == 64 || (type.bits == 32 && type.is_unsigned)) return {SQL_BIGINT};
      if (type.bits == 32 || type.is_unsigned) return {SQL_INTEGER};
      return {SQL_SMALLINT};
    case Kind::kReal:
      return {SQL_DOUBLE, SQL_FLOAT};
    case Kind::kDecimal:
      return {SQL_DECIMAL, SQL_NUMERIC};
    case Kind::kBinary:
      return {SQL_LONGVARBINARY};
    case Kind::kDate:
      return {SQL_TYPE_DATE};
    case Kind::kTime:
      return {SQL_TYPE_TIME};
    case Kind::kTimestamp:
      return {SQL_TYPE_TIMESTAMP};
    case Kind::kText:
    case Kind::kUuid:
    case Kind::kJson:
    case Kind::kList:
    case Kind::kNull:
      break;
  }
  return {SQL_LONGVARCHAR, SQL_WLONGVARCHAR};
}

bool IsLong(Kind kind) {
  return kind == Kind::kText || kind == Kind::kUuid || kind == Kind::kJson ||
         kind == Kind::kList || kind == Kind::kNull || kind == Kind::kBinary;
}

}  // namespace

GenericDialect::GenericDialect(odbc::Connection& connection)
    : Dialect(std::make_unique<WriteStatements>(
          NamesOf(connection), connection.InfoNumber(SQL_TXN_CAPABLE) == SQL_TC_ALL)) {
  // The standard's names will have to do where a driver can't tell.
  try {
    odbc::Statement types(connection, "ask the driver for the types of columns");
    types.TypeInfo();
    while (types.Fetch()) {
      DriverType type;
      type.name = types.Text(1).value_or("");
      const auto sql_type = ParseInteger(types.Text(2).value_or("")).value_or(0);
      type.size = ParseInteger(types.Text(3).value_or("")).value_or(0);
      type.has_parameters = !types.Text(6).value_or("").empty();
      types_[static_cast<SQLSMALLINT>(sql_type)].push_back(type);
    }
  } catch (const DatabaseError& error) {
    if (error.IsConnectionLost()) throw;
  }
}

GenericDialect::DriverType GenericDialect::Pick(const std::vector<SQLSMALLINT>& sql_types,
                                                std::string_view standard) const {
  for (const SQLSMALLINT sql_type : sql_types) {
    const auto found = types_.find(sql_type);
    if (found == types_.end()) continue;
    for (const DriverType& type : found->second) {
      if (FoldCase(type.name) == standard) return type;
    }
    if (!standard.empty()) return found->second.front();
    return *std::max_element(found->second.begin(), found->second.end(),
                             [](const DriverType& one, const DriverType& other) {
                               return one.size < other.size;
                             });
  }
  return {};
}

ParameterStyle GenericDialect::Parameters() const {
  ParameterStyle style;
  style.tells_count = true;
  return style;
}

std::string GenericDialect::TypeName(const ValueType& type) const {
  std::string standard = Dialect::TypeName(type);
  const size_t parameters = std::min(standard.find('('), standard.size());
  // The standard has no name for long texts and bytes.
  const DriverType picked =
      Pick(SqlTypes(type), IsLong(type.kind) ? "" : standard.substr(0, parameters));
  if (picked.name.empty()) return standard;
  const bool has_fraction = type.kind == Kind::kTime || type.kind == Kind::kTimestamp;
  if (has_fraction && picked.has_parameters) return picked.name + "(6)";
  if (type.kind == Kind::kDecimal && picked.size > 0 && picked.size < 38) {
    standard = DecimalTypeName(type, static_cast<int>(picked.size));
  }
  return picked.name + standard.substr(parameters);
}

}  // namespace aft
