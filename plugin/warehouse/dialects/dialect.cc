// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/dialect.h"

#include <algorithm>
#include <array>

#include "host_shim/error.h"
#include "plugin/warehouse/dialects/described_column.h"
#include "plugin/warehouse/values/fold_case.h"

namespace aft {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

Dialect::Dialect(std::unique_ptr<const WriteStatements> statements)
    : statements_(std::move(statements)) {}

std::string Dialect::ForDriver(std::string_view sql) const { return std::string(sql); }

std::vector<odbc::ColumnDescription> Dialect::DescribeQuery(
    Connection& connection, const Query& query, const std::string& doing) const {
  return PreparedQuery(connection, query, doing).statement().Columns();
}

ReadPlan Dialect::PlanRead(std::string_view sql,
                           const std::vector<odbc::ColumnDescription>& columns) const {
  ReadPlan plan;
  plan.sql = sql;
  for (const odbc::ColumnDescription& column : columns) {
    plan.columns.push_back(PlanByDescription(column));
  }
  return plan;
}

std::string Dialect::KindsQuery(std::string_view,
                                const std::vector<ReadColumnPlan>&) const {
  return "";
}

std::string Dialect::TypeName(const ValueType& type) const {
  switch (type.kind) {
    case Kind::kBoolean:
      return "boolean";
    case Kind::kInteger:
      if (type.bits == 64 && type.is_unsigned) return "decimal(20)";
      if (type.bits == 64 || (type.bits == 32 && type.is_unsigned)) return "bigint";
      return type.bits == 32 || type.is_unsigned ? "integer" : "smallint";
    case Kind::kReal:
      return "double precision";
    case Kind::kDecimal:
      return DecimalTypeName(type);
    case Kind::kBinary:
      return "blob";
    case Kind::kDate:
      return "date";
    case Kind::kTime:
      return "time";
    case Kind::kTimestamp:
      return "timestamp";
    case Kind::kText:
    case Kind::kUuid:
    case Kind::kJson:
    case Kind::kList:
    case Kind::kNull:
      break;
  }
  return "text";
}

std::string Dialect::FirstWord(std::string_view sql) {
  const size_t from = sql.find_first_not_of("( \t\r\n");
  std::string word;
  for (size_t at = from; at < sql.size() && IsLetter(sql[at]); ++at) {
    word += static_cast<char>(sql[at] | 0x20);
  }
  return word;
}

std::optional<int64_t> Dialect::Execute(Connection& connection, std::string_view sql,
                                        const std::string& doing) const {
  Statement statement(connection, doing);
  statement.ExecuteDirect(sql);
  if (statement.HasColumns()) {
    while (statement.Fetch()) continue;
    return std::nullopt;
  }
  // Drivers report the last count again for statements that change no rows.
  static constexpr std::array<std::string_view, 6> kChanging = {
      "insert", "update", "delete", "merge", "replace", "with"};
  const std::string word = FirstWord(sql);
  const int64_t rows = statement.RowCount();
  const bool is_changing =
      std::find(kChanging.begin(), kChanging.end(), word) != kChanging.end();
  return is_changing && rows >= 0 ? std::optional(rows) : std::nullopt;
}

std::string Dialect::TransactionId(Connection&, const std::string&) const { return ""; }

std::optional<bool> Dialect::HasCommitted(Connection&, const std::string&) const {
  return std::nullopt;
}

bool Dialect::HasSchema(Connection& connection, const Relation& relation,
                        const std::string& doing) const {
  const bool has_schemas = names().has_schemas;
  if (relation.schema.empty() || (!has_schemas && !names().has_catalogs)) return true;
  const std::string schema = names().Stored(relation.schema, relation.quote_schema);
  odbc::Statement schemas(connection.odbc(), doing);
  schemas.Qualifiers(has_schemas);
  while (schemas.Fetch()) {
    if (schemas.Text(has_schemas ? 2 : 1) == schema) return true;
  }
  return false;
}

void Dialect::EnsureSchema(Connection& connection, const Relation& relation,
                           const std::string& doing) const {
  if (HasSchema(connection, relation, doing)) return;
  try {
    Execute(connection, statements().CreateSchema(relation), doing);
  } catch (const DatabaseError& error) {
    // Others may have made it at the same moment.
    if (error.IsConnectionLost() || !HasSchema(connection, relation, doing)) throw;
  }
}

// Drivers list the tables of all schemas, and no driver says where the database looks.
Relation Dialect::Locate(Connection& connection, const Relation& relation,
                         const std::string& doing) const {
  if (!relation.schema.empty() || !names().has_schemas) return relation;
  const std::string identifier =
      names().Stored(relation.identifier, relation.quote_identifier);
  std::string schemas;
  size_t count = 0;
  Relation located = relation;
  located.quote_schema = true;
  {
    odbc::Statement tables(connection.odbc(), doing);
    // Without a pattern, psqlodbc 13.02 looks into the first schema alone.
    tables.Tables("", "%", identifier);
    while (tables.Fetch()) {
      if (tables.Text(3) != identifier) continue;
      located.schema = tables.Text(2).value_or("");
      // A driver that names no schema here leaves nothing to choose.
      if (located.schema.empty()) return relation;
      ++count;
      schemas += Text(schemas.empty() ? "'" : ", '", located.schema, "'");
    }
  }
  if (count == 0) return relation;
  if (count == 1 && CanQuery(connection, relation, doing)) return located;
  throw Error(Text("cannot ", doing, ": there is a table of that name in schema ",
                   schemas, "; write the name with the schema that is meant"));
}

bool Dialect::CanQuery(Connection& connection, const Relation& relation,
                       const std::string& doing) const {
  try {
    Statement(connection, doing)
        .ExecuteDirect(Text("SELECT 1 FROM ", Name(relation), " WHERE 1 = 0"));
    return true;
  } catch (const DatabaseError& error) {
    if (error.IsPassing()) throw;
    return false;
  }
}

RelationKind Dialect::Find(Connection& connection, const Relation& relation,
                           const std::string& doing) const {
  odbc::Statement tables(connection.odbc(), doing);
  // A catalog beside a schema is the connection's own.
  const std::string catalog = names().has_schemas ? "" : names().Catalog(relation);
  const std::string schema =
      names().Stored(names().Schema(relation), relation.quote_schema);
  const std::string identifier =
      names().Stored(relation.identifier, relation.quote_identifier);
  tables.Tables(catalog, schema, identifier);
  // The names are patterns to SQLTables, where '_' stands for any character.
  const auto is = [](const std::string& wanted, const std::optional<std::string>& found) {
    return wanted.empty() || FoldCase(found.value_or(wanted)) == FoldCase(wanted);
  };
  while (tables.Fetch()) {
    const bool is_in_place = is(catalog, tables.Text(1)) && is(schema, tables.Text(2));
    if (!is_in_place || tables.Text(3) != identifier) continue;
    const std::string type = tables.Text(4).value_or("");
    return type.find("VIEW") != std::string::npos ? RelationKind::kView
                                                  : RelationKind::kTable;
  }
  return RelationKind::kMissing;
}

std::vector<TableColumn> Dialect::Columns(Connection& connection,
                                          const Relation& relation,
                                          const std::string& doing) const {
  std::vector<TableColumn> columns;
  const std::string query = "SELECT * FROM " + Name(relation) + " WHERE 1 = 0";
  for (const auto& column : DescribeQuery(connection, {query}, doing)) {
    columns.push_back({column.name, column.type_name, TypeByDescription(column)});
  }
  return columns;
}

}  // namespace aft
