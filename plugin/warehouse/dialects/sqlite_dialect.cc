// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/sqlite_dialect.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "host_shim/error.h"
#include "plugin/warehouse/dialects/sqlite_statements.h"
#include "plugin/warehouse/dialects/sqlite_type.h"
#include "plugin/warehouse/values/fold_case.h"

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

/// Lets SQLite notice that another connection has changed a table. It looks when it runs
/// a statement, and not when it prepares one.
void ReadSchemas(Connection& connection, const std::string& doing) {
  std::vector<std::string> names;
  Statement databases(connection, doing);
  databases.ExecuteDirect(
      "SELECT '\"'||replace(name,'\"','\"\"')||'\"' FROM "
      "pragma_database_list WHERE name<>'temp'");
  while (databases.Fetch()) names.push_back(databases.Text(1).value_or("main"));
  for (const std::string& name : names) {
    Statement tables(connection, doing);
    tables.ExecuteDirect(Text("SELECT 1 FROM ", name, ".sqlite_master LIMIT 1"));
    (void)tables.Fetch();
  }
}

/// True for what may stand in a FROM clause.
bool IsQuery(std::string_view word) {
  return word == "select" || word == "with" || word == "values";
}

/// True where the driver knows a column's declared type. sqliteodbc 0.9998 calls a column
/// without one "varchar", of 255, which therefore says nothing.
bool IsDeclared(const odbc::ColumnDescription& column) {
  return column.type_name != "varchar" || column.size != 255;
}

/// The query with its columns named c0, c1, … SQLite (3.40) merges it into ours, where
/// each mention of a column computes it again; a LIMIT without effect prevents that. A
/// column with a declared type is no expression, so that it need not be prevented.
std::string NumberColumns(std::string_view sql, size_t count, bool has_expressions) {
  std::string numbered = "WITH aft_query (";
  for (size_t i = 0; i < count; ++i) numbered += Text(i == 0 ? "c" : ", c", i);
  return numbered + Text(") AS (SELECT * FROM (\n", sql, "\n)",
                         has_expressions ? " LIMIT -1 OFFSET 0" : "", ") SELECT ");
}

/// A value behind a letter that says what it is: i, r, t, b, or h for a text with NUL
/// characters. Twenty digits name one double only. What the column is declared to hold is
/// looked for first.
std::string TaggedValue(size_t column, Kind expected) {
  const std::string c = Text("c", column);
  const std::string text = Text(" WHEN 'text' THEN CASE WHEN instr(", c,
                                ",char(0)) THEN 'h'||hex(", c, ") ELSE 't'||", c, " END");
  const std::string real = Text(" WHEN 'real' THEN printf('r%!.20g',", c, ")");
  if (expected == Kind::kInteger || expected == Kind::kBoolean) {
    // A column has its declared type in a UNION as well, where other kinds may follow.
    return Text("CASE typeof(", c, ") WHEN 'integer' THEN ", c, real, text,
                " WHEN 'blob' THEN 'b'||hex(", c, ") END");
  }
  const bool is_text = expected == Kind::kText;
  return Text("CASE typeof(", c, ")", is_text ? text : real, " WHEN 'integer' THEN 'i'||",
              c, is_text ? real : text, " WHEN 'blob' THEN 'b'||hex(", c, ") END");
}

/// A value as it is, but not cut at a NUL character.
std::string PlainValue(size_t column) {
  const std::string c = Text("c", column);
  return Text("CASE WHEN instr(", c, ",char(0)) THEN 'h'||hex(", c, ") ELSE ", c, " END");
}

/// True for types whose values can't be taken for something else as text: what is none of
/// them doesn't read as one.
bool IsPlain(Kind kind) {
  return kind == Kind::kDate || kind == Kind::kTime || kind == Kind::kTimestamp;
}

std::string ValueAsText(size_t column, const ReadColumnPlan& plan) {
  return plan.format == CellFormat::kTagged ? TaggedValue(column, plan.type.kind)
                                            : PlainValue(column);
}

ReadColumnPlan PlanColumn(const odbc::ColumnDescription& column) {
  const SqliteType declared = ReadSqliteType(IsDeclared(column) ? column.type_name : "");
  ReadColumnPlan plan;
  plan.name = column.name;
  plan.type = declared.type;
  plan.format = IsPlain(declared.type.kind) ? CellFormat::kText : CellFormat::kTagged;
  plan.is_inferred = declared.is_open;
  return plan;
}

}  // namespace

SqliteDialect::SqliteDialect() : Dialect(std::make_unique<SqliteStatements>()) {}

std::string_view SqliteDialect::Advise(const Diagnostic& diagnostic) {
  if (diagnostic.native_code != kBusy && diagnostic.native_code != kLocked) return "";
  return "another connection holds the database and didn't let go within the driver's "
         "Timeout";
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

std::optional<int64_t> SqliteDialect::Execute(Connection& connection,
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
    Connection& connection, const Query& query, const std::string& doing) const {
  const std::string& sql = query.sql;
  if (!IsQuery(FirstWord(sql))) return Dialect::DescribeQuery(connection, query, doing);
  ReadSchemas(connection, doing);
  const bool is_values = FirstWord(sql) == "values";
  std::vector<odbc::ColumnDescription> columns = Dialect::DescribeQuery(
      connection,
      {is_values ? Text("SELECT * FROM (\n", sql, "\n)") : sql, query.parameters}, doing);
  // sqliteodbc 0.9998 takes what stands before a point in a name for a table and cuts it
  // off, but not from labels in a row that starts with a column of no table.
  const auto has_cut = [](const odbc::ColumnDescription& column) {
    return column.label != column.name;
  };
  odbc::Statement statement(connection.odbc(), doing);
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
      ReadColumnPlan& planned = plan.columns.emplace_back();
      planned.name = column.name;
      planned.type = {Kind::kText};
    }
    return plan;
  }
  const bool has_expressions =
      std::any_of(columns.begin(), columns.end(),
                  [](const auto& column) { return !IsDeclared(column); });
  plan.sql = NumberColumns(sql, columns.size(), has_expressions);
  for (size_t i = 0; i < columns.size(); ++i) {
    plan.columns.push_back(PlanColumn(columns[i]));
    plan.sql += Text(i == 0 ? "" : ", ", ValueAsText(i, plan.columns.back()));
  }
  plan.sql += " FROM aft_query";
  return plan;
}

std::string SqliteDialect::KindsQuery(std::string_view sql,
                                      const std::vector<ReadColumnPlan>& columns) const {
  std::string query = NumberColumns(sql, columns.size(), /*has_expressions=*/true);
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

ParameterStyle SqliteDialect::Parameters() const {
  ParameterStyle style;
  // sqliteodbc 0.9998 has no bits; and its own text of dates and times is another one.
  style.has_bits = false;
  style.has_dates = style.has_times = style.has_timestamps = false;
  // It compiles a statement anew for each execution, unless it takes it for a query,
  // which it does by its first word.
  style.insert_into = "WITH aft_none AS (SELECT NULL) INSERT INTO ";
  return style;
}

// Takes the write lock at the start, where SQLite waits for it; a transaction that
// begins by reading would fail at once when another one writes.
std::string SqliteDialect::BeginStatement() const { return "BEGIN IMMEDIATE"; }

}  // namespace aft
