// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/query_parameter.h"

#include <sqlext.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

template <typename T>
constexpr std::pair<SQLSMALLINT, SQLSMALLINT> TypesOf() {
  if constexpr (std::is_same_v<T, bool>) return {SQL_C_BIT, SQL_BIT};
  if constexpr (std::is_same_v<T, int64_t>) return {SQL_C_SBIGINT, SQL_BIGINT};
  return {SQL_C_DOUBLE, SQL_DOUBLE};
}

odbc::Parameter Describe(std::monostate) { return {.size = 1}; }

odbc::Parameter Describe(ParameterText& value) {
  odbc::Parameter parameter{.sql_type = value.sql_type};
  parameter.size = std::max<SQLULEN>(
      value.sql_type == SQL_DECIMAL ? value.precision : value.text.size(), 1);
  parameter.decimal_digits = value.scale;
  parameter.value = value.text.data();
  parameter.capacity = static_cast<SQLLEN>(value.text.size() + 1);
  return parameter;
}

odbc::Parameter Describe(ParameterBytes& value) {
  odbc::Parameter parameter{.c_type = SQL_C_BINARY, .sql_type = SQL_VARBINARY};
  parameter.size = std::max<SQLULEN>(value.bytes.size(), 1);
  parameter.value = value.bytes.data();
  parameter.capacity = static_cast<SQLLEN>(value.bytes.size());
  return parameter;
}

template <typename T>
odbc::Parameter Describe(T& value) {
  const auto [c_type, sql_type] = TypesOf<T>();
  odbc::Parameter parameter{.c_type = c_type, .sql_type = sql_type};
  parameter.value = reinterpret_cast<char*>(&value);
  parameter.capacity = sizeof value;
  return parameter;
}

SQLLEN LengthOf(const QueryParameter& value) {
  if (const auto* text = std::get_if<ParameterText>(&value)) {
    return static_cast<SQLLEN>(text->text.size());
  }
  if (const auto* bytes = std::get_if<ParameterBytes>(&value)) {
    return static_cast<SQLLEN>(bytes->bytes.size());
  }
  return std::holds_alternative<std::monostate>(value) ? SQL_NULL_DATA : 0;
}

std::string Count(size_t count, std::string_view one) {
  return Text(count, " ", one, count == 1 ? "" : "s");
}

}  // namespace

BoundParameters::BoundParameters(odbc::Statement& statement,
                                 std::vector<QueryParameter> values)
    : values_(std::move(values)), lengths_(values_.size()) {
  const size_t marks = statement.ParameterCount().value_or(values_.size());
  if (marks != values_.size()) {
    throw Error(Text("cannot ", statement.doing(), ": it has ",
                     Count(marks, "parameter mark"), " (?), but ",
                     Count(values_.size(), "parameter"),
                     values_.size() == 1 ? " was given" : " were given"));
  }
  for (size_t i = 0; i < values_.size(); ++i) {
    odbc::Parameter parameter =
        std::visit([](auto& value) { return Describe(value); }, values_[i]);
    lengths_[i] = LengthOf(values_[i]);
    parameter.indicator = &lengths_[i];
    statement.BindParameter(static_cast<SQLUSMALLINT>(i + 1), parameter);
  }
}

PreparedQuery::PreparedQuery(Connection& connection, const Query& query,
                             std::string doing)
    : statement_(connection.odbc(), std::move(doing)) {
  statement_.Prepare(query.sql);
  parameters_.emplace(statement_, query.parameters);
}

}  // namespace aft
