// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/warehouse/connection/connection.h"
#include "plugin/warehouse/dialects/query_parameter.h"
#include "plugin/warehouse/dialects/read_plan.h"
#include "plugin/warehouse/odbc/statement.h"

namespace aft {

/// Of the type t of PostgreSQL's catalogue: whether it is the array type of another one.
inline constexpr const char* kIsPostgresArray =
    "EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = "
    "t.oid)";

/// Asks the server which of a query's columns are arrays, and of what, without running
/// the query: psqlodbc (13.02) does not know these types. Where the server cannot tell,
/// nothing is known.
void DescribeArrays(Connection& connection, const Query& query,
                    std::vector<odbc::ColumnDescription>& columns,
                    const std::string& doing);

/// Plans to read such a column as lists.
void PlanArray(const odbc::ColumnDescription& described, ReadColumnPlan& column);

}  // namespace aft
