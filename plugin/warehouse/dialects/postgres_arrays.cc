// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/postgres_arrays.h"

#include <algorithm>
#include <string_view>

#include "host_shim/error.h"
#include "plugin/warehouse/dialects/postgres_query.h"
#include "plugin/warehouse/dialects/postgres_type.h"

namespace aft {
namespace {

// Classes of SQLSTATE.
constexpr std::string_view kWrongName = "42";
constexpr std::string_view kNotSupported = "0A";

bool IsUnknown(const odbc::ColumnDescription& column) {
  return column.type_name == "unknown";
}

/// The name of the type below an array's elements, for a column of a query.
std::string ElementOf(const std::string& column) {
  return Text(
      "(SELECT coalesce(b.typname, e.typname) FROM pg_catalog.pg_type d JOIN "
      "pg_catalog.pg_type t ON t.oid = CASE d.typtype WHEN 'd' THEN d.typbasetype ELSE "
      "d.oid END JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid "
      "LEFT JOIN pg_catalog.pg_type b ON e.typtype = 'd' AND b.oid = e.typbasetype "
      "WHERE d.oid = pg_typeof(",
      column, "))");
}

/// No row of the query is wanted, so that the server does not begin to run it.
std::string ElementsQuery(const std::string& subquery,
                          const std::vector<odbc::ColumnDescription>& columns) {
  std::string names;
  std::string elements;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string name = Text("c", i);
    names += (names.empty() ? "" : ", ") + name;
    if (!IsUnknown(columns[i])) continue;
    elements += (elements.empty() ? "" : ", ") + ElementOf(name);
  }
  return Text("SELECT ", elements, " FROM (SELECT 1) AS aft_one LEFT JOIN (\n", subquery,
              "\n) AS aft_query (", names, ") ON false");
}

ValueType ElementType(const std::string& name) {
  const ColumnType declared = ReadPostgresType(name, -1);
  ValueType type;
  switch (declared.kind) {
    case ColumnKind::kBoolean:
      type.kind = Kind::kBoolean;
      break;
    case ColumnKind::kInteger:
      type.kind = Kind::kInteger;
      type.bits = declared.is_unsigned ? 64 : declared.bits;
      break;
    case ColumnKind::kReal:
    case ColumnKind::kDecimal:
      type.kind = Kind::kReal;
      break;
    case ColumnKind::kBinary:
      type.kind = Kind::kBinary;
      break;
    case ColumnKind::kDate:
      type.kind = Kind::kDate;
      break;
    case ColumnKind::kTime:
      type.kind = Kind::kTime;
      break;
    case ColumnKind::kTimestamp:
      type.kind = Kind::kTimestamp;
      type.has_zone = declared.has_zone == true;
      break;
    default:
      type.kind = Kind::kText;
  }
  return type;
}

}  // namespace

void DescribeArrays(Connection& connection, const Query& query,
                    std::vector<odbc::ColumnDescription>& columns,
                    const std::string& doing) {
  if (std::none_of(columns.begin(), columns.end(), &IsUnknown)) return;
  const std::string subquery = SubqueryOf(query.sql);
  if (subquery.empty()) return;
  try {
    PreparedQuery asked(connection, {ElementsQuery(subquery, columns), query.parameters},
                        doing);
    asked.statement().Execute();
    if (!asked.statement().Fetch()) return;
    SQLUSMALLINT number = 0;
    for (odbc::ColumnDescription& column : columns) {
      if (!IsUnknown(column)) continue;
      column.element = asked.statement().Text(++number).value_or("");
    }
  } catch (const DatabaseError& error) {
    // Servers that are only like PostgreSQL may have another catalogue, and no such
    // functions.
    const std::string_view state = error.sqlstate();
    if (!state.starts_with(kWrongName) && !state.starts_with(kNotSupported)) throw;
  }
}

void PlanArray(const odbc::ColumnDescription& described, ReadColumnPlan& column) {
  // Alone of all types, a box stands between other separators.
  if (described.element.empty() || described.element == "box") return;
  column.type = {Kind::kList};
  column.type.element = {ElementType(described.element)};
  column.format = CellFormat::kText;
  column.is_decimal = described.element == "numeric";
  // A type says nothing of the number of dimensions, so that the values have to.
  column.is_inferred = true;
  column.width = 0;
}

}  // namespace aft
