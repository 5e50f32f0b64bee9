// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "plugin/warehouse/odbc/statement.h"

namespace aft {

/// A value for a parameter mark of a query. `text` is of what ODBC calls `sql_type`.
struct ParameterText {
  std::string text;
  SQLSMALLINT sql_type = SQL_VARCHAR;
  /// Of a number's digits.
  SQLULEN precision = 0;
  SQLSMALLINT scale = 0;
};

struct ParameterBytes {
  std::string bytes;
};

/// Nothing stands for NULL.
using QueryParameter =
    std::variant<std::monostate, bool, int64_t, double, ParameterText, ParameterBytes>;

/// A statement, and the values for its parameter marks in their order.
struct Query {
  std::string sql;
  std::vector<QueryParameter> parameters{};  // NOLINT(readability-redundant-member-init)
};

/// Values at the places that a statement's parameter marks are bound to. It has to
/// outlive the statement's executions.
class BoundParameters {
 public:
  /// Binds a value to each mark of a statement that has been prepared. Throws an Error
  /// where there are more or fewer marks than values.
  BoundParameters(odbc::Statement& statement, std::vector<QueryParameter> values);

 private:
  std::vector<QueryParameter> values_;
  std::vector<SQLLEN> lengths_;
};

/// A query that the driver has prepared, with its parameters bound.
class PreparedQuery {
 public:
  PreparedQuery(Connection& connection, const Query& query, std::string doing);

  [[nodiscard]] odbc::Statement& statement() { return statement_; }

 private:
  odbc::Statement statement_;
  std::optional<BoundParameters> parameters_;
};

}  // namespace aft
