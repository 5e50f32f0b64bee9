// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/sqlite_dialect.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "host_shim/error.h"
#include "plugin/warehouse/fold_case.h"
#include "plugin/warehouse/sqlite_type.h"

namespace aft {
namespace {

constexpr SQLINTEGER kBusy = 5;
constexpr SQLINTEGER kLocked = 6;

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Where the token that starts at `at` ends, if it is quoted or a comment; else `at`.
size_t EndOfQuoted(std::string_view sql, size_t at) {
  const auto find = [&](std::string_view end, size_t from) {
    const size_t found = sql.find(end, from);
    return found == std::string_view::npos ? sql.size() : found + end.size();
  };
  switch (sql[at]) {
    case '\'':
    case '"':
    case '`':
      return find(sql.substr(at, 1), at + 1);
    case '[':
      return find("]", at + 1);
    default:
      return at;
  }
}

size_t EndOfComment(std::string_view sql, size_t at) {
  const std::string_view start = sql.substr(at, 2);
  if (start != "--" && start != "/*") return at;
  const std::string_view end = start == "--" ? "\n" : "*/";
  const size_t found = sql.find(end, at + 2);
  if (found == std::string_view::npos) return sql.size();
  // The line's end stays, between two words.
  return start == "--" ? found : found + end.size();
}

/// True for what may stand in a FROM clause.
bool IsQuery(std::string_view word) {
  return word == "select" || word == "with" || word == "values";
}

/// The query with its columns named c0, c1, … The LIMIT without effect keeps SQLite
/// (3.40) from merging the query into ours, where each mention of a column would
/// compute it again.
std::string NumberColumns(std::string_view sql, size_t count) {
  std::string numbered = "WITH aft_query (";
  for (size_t i = 0; i < count; ++i) numbered += Text(i == 0 ? "c" : ", c", i);
  return numbered +
         Text(") AS (SELECT * FROM (\n", sql, "\n) LIMIT -1 OFFSET 0) SELECT ");
}

/// A value behind a letter that says what it is: i, r, t, b, or h for a text with NUL
/// characters. Twenty digits name one double only.
std::string TaggedValue(size_t column) {
  const std::string c = Text("c", column);
  return Text("CASE typeof(", c, ") WHEN 'integer' THEN 'i'||", c,
              " WHEN 'real' THEN 'r'||printf('%!.20g',", c,
              ") WHEN 'text' THEN CASE WHEN instr(", c, ",char(0)) THEN 'h'||hex(", c,
              ") ELSE 't'||", c, " END WHEN 'blob' THEN 'b'||hex(", c, ") END");
}

ReadColumnPlan PlanColumn(const odbc::ColumnDescription& column) {
  // sqliteodbc 0.9998 calls a column without a declared type "varchar", of 255, which
  // therefore says nothing.
  const bool is_declared = column.type_name != "varchar" || column.size != 255;
  const SqliteType declared = ReadSqliteType(is_declared ? column.type_name : "");
  // The text of an integer is exact, and other values in its column read as none.
  const bool is_integer = declared.type.kind == Kind::kInteger;
  return {column.name, declared.type,
          is_integer ? CellFormat::kText : CellFormat::kTagged, declared.is_open};
}

}  // namespace

std::string_view SqliteDialect::Advise(const odbc::Diagnostic& diagnostic) {
  if (diagnostic.native_code != kBusy && diagnostic.native_code != kLocked) return "";
  return "another connection holds the database and didn't let go within the driver's "
         "Timeout";
}

std::string SqliteDialect::Name(const Relation& relation) const {
  std::string name;
  if (!relation.schema.empty()) name = Part(relation.schema, relation.quote_schema) + ".";
  return name + Part(relation.identifier, relation.quote_identifier);
}

bool SqliteDialect::IsSameColumn(std::string_view one, std::string_view other) const {
  return FoldCase(one) == FoldCase(other);
}

// sqliteodbc 0.9998 takes an apostrophe in a comment for the start of a string, and a
// question mark for a parameter.
std::string SqliteDialect::ForDriver(std::string_view sql) const {
  std::string cleaned;
  for (size_t at = 0; at < sql.size();) {
    if (const size_t end = EndOfComment(sql, at); end > at) {
      cleaned += ' ';
      at = end;
      continue;
    }
    const size_t end = std::max(EndOfQuoted(sql, at), at + 1);
    cleaned += sql.substr(at, end - at);
    at = end;
  }
  const auto is_ending = [](char c) { return IsBlank(c) || c == ';'; };
  while (!cleaned.empty() && is_ending(cleaned.back())) cleaned.pop_back();
  return cleaned;
}

std::optional<int64_t> SqliteDialect::Execute(odbc::Connection& connection,
                                              std::string_view sql,
                                              const std::string& doing) const {
  // sqliteodbc 0.9998 takes a PRAGMA for a query, which it runs at the first fetch only
  // and reports as failed where it gives no row. It doesn't know one behind a byte order
  // mark, which SQLite skips.
  const std::string cleaned = ForDriver(sql);
  const bool is_pragma = FirstWord(cleaned) == "pragma";
  return Dialect::Execute(connection, is_pragma ? "\xEF\xBB\xBF" + cleaned : cleaned,
                          doing);
}

std::vector<odbc::ColumnDescription> SqliteDialect::DescribeQuery(
    odbc::Connection& connection, const std::string& sql,
    const std::string& doing) const {
  if (!IsQuery(FirstWord(sql))) return Dialect::DescribeQuery(connection, sql, doing);
  const bool is_values = FirstWord(sql) == "values";
  std::vector<odbc::ColumnDescription> columns = Dialect::DescribeQuery(
      connection, is_values ? Text("SELECT * FROM (\n", sql, "\n)") : sql, doing);
  // sqliteodbc 0.9998 takes what stands before a point in a name for a table and cuts it
  // off, but not from labels in a row that starts with a column of no table.
  const auto has_cut = [](const odbc::ColumnDescription& column) {
    return column.label != column.name;
  };
  odbc::Statement statement(connection, doing);
  statement.Prepare(Text("SELECT NULL, * FROM (\n", sql, "\n)"));
  const std::vector<odbc::ColumnDescription> labelled = statement.Columns();
  for (size_t i = 0; i < columns.size() && i + 1 < labelled.size(); ++i) {
    if (!has_cut(labelled[i + 1])) continue;
    columns[i].name = labelled[i + 1].label;
  }
  return columns;
}

ReadPlan SqliteDialect::PlanRead(
    std::string_view sql, const std::vector<odbc::ColumnDescription>& columns) const {
  ReadPlan plan;
  if (!IsQuery(FirstWord(sql))) {
    plan.sql = sql;
    for (const odbc::ColumnDescription& column : columns) {
      plan.columns.push_back({column.name, {Kind::kText}, CellFormat::kText, false});
    }
    return plan;
  }
  plan.sql = NumberColumns(sql, columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    plan.columns.push_back(PlanColumn(columns[i]));
    const bool is_tagged = plan.columns.back().format == CellFormat::kTagged;
    plan.sql += Text(i == 0 ? "" : ", ", is_tagged ? TaggedValue(i) : Text("c", i));
  }
  plan.sql += " FROM aft_query";
  return plan;
}

std::string SqliteDialect::KindsQuery(std::string_view sql,
                                      const std::vector<ReadColumnPlan>& columns) const {
  std::string query = NumberColumns(sql, columns.size());
  static constexpr std::array<std::pair<std::string_view, Kind>, 4> kTypes = {
      {{"integer", Kind::kInteger},
       {"real", Kind::kReal},
       {"text", Kind::kText},
       {"blob", Kind::kBinary}}};
  bool is_first = true;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].is_inferred) continue;
    query += is_first ? "coalesce(0" : ", coalesce(0";
    is_first = false;
    for (const auto& [name, kind] : kTypes) {
      query += Text("+", 1U << static_cast<unsigned>(kind), "*max(typeof(c", i, ")='",
                    name, "')");
    }
    query += ",0)";
  }
  return query + " FROM aft_query";
}

std::string SqliteDialect::TypeName(const ValueType& type) const {
  return SqliteTypeName(type);
}

std::optional<Encoding> SqliteDialect::EncodingFor(const ValueType& type,
                                                   const TableColumn& column) const {
  return SqliteEncoding(type, column.type_name);
}

// Takes the write lock at the start, where SQLite waits for it; a transaction that
// begins by reading would fail at once when another one writes.
std::string SqliteDialect::BeginStatement() const { return "BEGIN IMMEDIATE"; }

void SqliteDialect::EnsureSchema(odbc::Connection& connection, const Relation& relation,
                                 const std::string& doing) const {
  if (relation.schema.empty()) return;
  odbc::Statement databases(connection, doing);
  databases.ExecuteDirect("SELECT name FROM pragma_database_list");
  while (databases.Fetch()) {
    if (FoldCase(databases.Text(1).value_or("")) == FoldCase(relation.schema)) return;
  }
  throw Error(Text("cannot ", doing, ": schema '", relation.schema,
                   "' is no attached database of this SQLite connection; attach it, or "
                   "use 'main'"));
}

RelationKind SqliteDialect::Find(odbc::Connection& connection, const Relation& relation,
                                 const std::string& doing) const {
  Relation catalog = relation;
  catalog.identifier = "sqlite_master";
  odbc::Statement relations(connection, doing);
  relations.ExecuteDirect(
      Text("SELECT name, type FROM ", Name(catalog), " WHERE type IN ('table', 'view')"));
  while (relations.Fetch()) {
    if (FoldCase(relations.Text(1).value_or("")) != FoldCase(relation.identifier))
      continue;
    return relations.Text(2) == "view" ? RelationKind::kView : RelationKind::kTable;
  }
  return RelationKind::kMissing;
}

std::vector<TableColumn> SqliteDialect::Columns(odbc::Connection& connection,
                                                const Relation& relation,
                                                const std::string& doing) const {
  const auto literal = [](std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    return quoted + "'";
  };
  odbc::Statement names(connection, doing);
  names.ExecuteDirect(
      Text("SELECT name, type FROM pragma_table_info(", literal(relation.identifier),
           relation.schema.empty() ? "" : ", " + literal(relation.schema), ")"));
  std::vector<TableColumn> columns;
  while (names.Fetch()) {
    columns.push_back({names.Text(1).value_or(""), names.Text(2).value_or("")});
  }
  return columns;
}

std::vector<SwapStep> SqliteDialect::SwapSteps(const Relation& staging,
                                               const Relation& target,
                                               RelationKind kind) const {
  std::vector<SwapStep> steps = Dialect::SwapSteps(staging, target, kind);
  // Otherwise a rename (SQLite 3.26 and later) looks into every view, and fails at those
  // that read the table just dropped.
  steps.insert(steps.begin(), {"PRAGMA legacy_alter_table = ON", ""});
  steps.push_back({"PRAGMA legacy_alter_table = OFF", ""});
  return steps;
}

}  // namespace aft
