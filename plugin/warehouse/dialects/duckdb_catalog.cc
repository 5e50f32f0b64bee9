// SPDX-License-Identifier: Apache-2.0
#include "host_shim/error.h"
#include "plugin/warehouse/dialects/duckdb_dialect.h"
#include "plugin/warehouse/dialects/duckdb_type.h"

/// What DuckDB's catalogue says of a relation. Names are the same whatever their case.
namespace aft {
namespace {

/// A condition: a column of a catalogue function has that name, or what the session takes
/// for none.
std::string IsNamed(std::string_view column, const std::string& name,
                    std::string_view otherwise) {
  return name.empty() ? Text(column, " = ", otherwise)
                      : Text("lower(", column, ") = lower(", Literal(name), ")");
}

std::string IsInSchema(const Relation& relation) {
  return Text(IsNamed("database_name", relation.database, "current_database()"), " AND ",
              IsNamed("schema_name", relation.schema, "current_schema()"));
}

std::string IsTable(const Relation& relation, std::string_view column = "table_name") {
  return Text(IsInSchema(relation), " AND ", IsNamed(column, relation.identifier, "''"));
}

}  // namespace

bool DuckdbDialect::HasSchema(Connection& connection, const Relation& relation,
                              const std::string& doing) const {
  Statement statement(connection, doing);
  statement.ExecuteDirect("SELECT 1 FROM duckdb_schemas() WHERE " + IsInSchema(relation));
  return statement.Fetch();
}

Relation DuckdbDialect::Locate(Connection& connection, const Relation& relation,
                               const std::string& doing) const {
  if (!relation.schema.empty()) return relation;
  Statement statement(connection, doing);
  statement.ExecuteDirect("SELECT current_schema()");
  Relation located = relation;
  located.quote_schema = true;
  if (statement.Fetch()) located.schema = statement.Text(1).value_or("main");
  return located;
}

RelationKind DuckdbDialect::Find(Connection& connection, const Relation& relation,
                                 const std::string& doing) const {
  Statement statement(connection, doing);
  statement.ExecuteDirect(Text("SELECT 'table' FROM duckdb_tables() WHERE ",
                               IsTable(relation),
                               " UNION ALL SELECT 'view' FROM duckdb_views() WHERE ",
                               IsTable(relation, "view_name")));
  if (!statement.Fetch()) return RelationKind::kMissing;
  return statement.Text(1) == "view" ? RelationKind::kView : RelationKind::kTable;
}

std::vector<TableColumn> DuckdbDialect::Columns(Connection& connection,
                                                const Relation& relation,
                                                const std::string& doing) const {
  Statement statement(connection, doing);
  statement.ExecuteDirect(
      Text("SELECT column_name, data_type, CASE WHEN column_default IS NULL THEN 0 ELSE "
           "1 END FROM duckdb_columns() WHERE ",
           IsTable(relation), " ORDER BY column_index"));
  std::vector<TableColumn> columns;
  while (statement.Fetch()) {
    const std::string type = statement.Text(2).value_or("");
    TableColumn& column =
        columns.emplace_back(statement.Text(1).value_or(""), type, ReadDuckdbType(type));
    column.is_filled = statement.Text(3) == "1";
    column.declaration = type;
  }
  return columns;
}

bool DuckdbDialect::HasBelongings(Connection& connection, const Relation& relation,
                                  const std::string& doing) const {
  return !Belongings(connection, relation, doing).empty();
}

// A view is none of them: it reads whatever table has the name.
std::vector<std::string> DuckdbDialect::Belongings(Connection& connection,
                                                   const Relation& relation,
                                                   const std::string& doing) const {
  const std::string is_table = IsTable(relation);
  Statement statement(connection, doing);
  statement.ExecuteDirect(Text(
      "SELECT 'index ' || index_name FROM duckdb_indexes() WHERE ", is_table,
      " UNION ALL SELECT CASE constraint_type WHEN 'NOT NULL' THEN 'NOT NULL of ' || "
      "constraint_column_names[1] ELSE 'constraint ' || constraint_text END FROM "
      "duckdb_constraints() WHERE ",
      is_table,
      " UNION ALL SELECT 'default of ' || column_name FROM duckdb_columns() WHERE ",
      is_table,
      " AND column_default IS NOT NULL UNION ALL SELECT 'comment on ' || "
      "column_name FROM duckdb_columns() WHERE ",
      is_table,
      " AND comment IS NOT NULL UNION ALL SELECT 'comment' FROM duckdb_tables() "
      "WHERE ",
      is_table,
      " AND comment IS NOT NULL UNION ALL SELECT 'collation' FROM duckdb_tables() "
      "WHERE ",
      is_table, " AND sql LIKE '% COLLATE %' ORDER BY 1"));
  std::vector<std::string> belongings;
  while (statement.Fetch()) belongings.push_back(statement.Text(1).value_or(""));
  return belongings;
}

}  // namespace aft
