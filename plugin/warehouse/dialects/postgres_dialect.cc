// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/postgres_dialect.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "host_shim/error.h"
#include "plugin/warehouse/dialects/postgres_array.h"
#include "plugin/warehouse/dialects/postgres_arrays.h"
#include "plugin/warehouse/dialects/postgres_catalog.h"
#include "plugin/warehouse/dialects/postgres_query.h"
#include "plugin/warehouse/dialects/postgres_statements.h"
#include "plugin/warehouse/dialects/postgres_type.h"
#include "plugin/warehouse/values/value_text.h"

namespace aft {
namespace {

constexpr std::string_view kInstant = "timestamptz";
constexpr std::string_view kWallClock = "timestamp";

constexpr std::string_view kUuid = "uuid";
constexpr std::string_view kMoney = "money";

/// Of a column that has another collation than its type: what declares it.
constexpr std::string_view kCollation =
    "coalesce((SELECT ' COLLATE ' || quote_ident(n.nspname) || '.' || "
    "quote_ident(c.collname) FROM pg_catalog.pg_collation c JOIN "
    "pg_catalog.pg_namespace n ON n.oid = c.collnamespace JOIN pg_catalog.pg_type d ON "
    "d.oid = a.atttypid WHERE c.oid = a.attcollation AND c.oid <> d.typcollation), '')";

/// True for values that psqlodbc 13.02 changes: it has no BC in dates, no infinity in
/// timestamps, four digits for a year, capitals in a uuid, and a double for money. It is
/// also quicker with texts than with taking these apart.
bool NeedsCast(const odbc::ColumnDescription& column) {
  return column.sql_type == SQL_TYPE_DATE || column.sql_type == SQL_TYPE_TIMESTAMP ||
         column.type_name == kUuid || column.type_name == kMoney;
}

/// What a text is cast to for a column of that type. Without a length: the cast would cut
/// what is longer, where the INSERT refuses it. Texts themselves need none.
std::string CastTo(const ColumnType& type, const std::string& sql_name) {
  if (type.kind == ColumnKind::kText) return "";
  // Without quotes, it means bit(1).
  return sql_name == "bit" ? "\"bit\"" : sql_name;
}

// What the driver or the server could take for something else.
constexpr std::array<std::string_view, 3> kProbes = {"", "'", "\\"};
constexpr std::string_view kProbesSeen = "UTF8 NULL [] ['] [\\] 2000-01-02";

std::string ProbeTexts() {
  std::string array(kArrayHeader, '\0');
  PutArrayHeader(array, ArrayElement::kText, kProbes.size() + 1);
  AppendNullElement(array);
  for (const std::string_view text : kProbes) AppendElement(array, text);
  return array;
}

std::string ProbeMoment() {
  constexpr uint64_t kDay = 86'400'000'000;
  std::string array(kArrayHeader, '\0');
  PutArrayHeader(array, ArrayElement::kTimestamp, 1);
  std::string bytes(sizeof kDay, '\0');
  PutBigEndian(bytes.data(), kDay);
  AppendElement(array, bytes);
  return array;
}

/// What the server has made of the probes.
std::string AskProbes(Connection& connection) {
  odbc::Statement statement(connection.odbc(), "try arrays", Stop::kNever);
  std::array<std::string, 2> arrays = {ProbeTexts(), ProbeMoment()};
  std::array<SQLLEN, 2> sizes{};
  for (size_t i = 0; i < arrays.size(); ++i) {
    sizes.at(i) = static_cast<SQLLEN>(arrays.at(i).size());
    odbc::Parameter parameter;
    parameter.c_type = SQL_C_BINARY;
    parameter.sql_type = SQL_VARBINARY;
    parameter.size = arrays.at(i).size();
    parameter.value = arrays.at(i).data();
    parameter.capacity = sizes.at(i);
    parameter.indicator = &sizes.at(i);
    statement.BindParameter(static_cast<SQLUSMALLINT>(i + 1), parameter);
  }
  // psqlodbc passes no binary parameters to a SELECT for which it declares a cursor.
  statement.ExecuteDirect(
      "VALUES (pg_client_encoding() || ' ' || (SELECT string_agg(coalesce('[' || v || "
      "']', 'NULL'), ' ') FROM (SELECT unnest(?::text[]) AS v) AS texts) || ' ' || "
      "(SELECT to_char(v, 'YYYY-MM-DD') FROM (SELECT unnest(?::timestamp[]) AS v) AS "
      "moments))");
  return statement.Fetch() ? statement.Text(1).value_or("") : "";
}

}  // namespace

PostgresDialect::Session PostgresDialect::SetUp(odbc::Connection& connection) {
  Statement(connection, "set the session's time zone")
      .ExecuteDirect("SET TIME ZONE 'UTC'");
  // Arrays of bytes come as the server's text.
  Statement(connection, "set how the server writes bytes")
      .ExecuteDirect("SET bytea_output TO 'hex'");
  odbc::Statement statement(connection, "ask what the server and the driver do",
                            Stop::kNever);
  statement.ExecuteDirect(
      "SELECT current_setting('max_identifier_length'), true, 1::numeric");
  const std::vector<odbc::ColumnDescription> described = statement.Columns();
  if (described.at(1).sql_type != SQL_BIT) {
    throw Error(
        "cannot use the connection: its driver gives booleans as text; add BoolsAsChar=0 "
        "to the connection string");
  }
  Session session{NamesOf(connection), described.at(2).sql_type != SQL_NUMERIC};
  if (!statement.Fetch()) return session;
  const std::string longest = statement.Text(1).value_or("");
  std::from_chars(longest.data(), longest.data() + longest.size(),
                  session.names.longest_identifier);
  return session;
}

PostgresDialect::PostgresDialect(odbc::Connection& connection)
    : PostgresDialect(SetUp(connection)) {}

PostgresDialect::PostgresDialect(Session session)
    : Dialect(std::make_unique<PostgresStatements>(std::move(session.names))),
      tells_numerics_apart_(session.tells_numerics_apart) {}

bool PostgresDialect::IsUndeclared(const odbc::ColumnDescription& column) const {
  if (column.type_name != "numeric") return false;
  if (column.sql_type != SQL_NUMERIC) return true;
  // What psqlodbc makes of a numeric without precision unless it is asked for something
  // else (NumericAs).
  return !tells_numerics_apart_ && column.size == 28 && column.decimal_digits == 6;
}

// psqlodbc 13.02 puts more behind a query, which a comment at its end would hide.
std::string PostgresDialect::ForDriver(std::string_view sql) const {
  return Text(sql, "\n");
}

std::vector<odbc::ColumnDescription> PostgresDialect::DescribeQuery(
    Connection& connection, const Query& query, const std::string& doing) const {
  std::vector<odbc::ColumnDescription> columns =
      Dialect::DescribeQuery(connection, query, doing);
  DescribeArrays(connection, query, columns, doing);
  return columns;
}

std::optional<std::vector<odbc::ColumnDescription>>
PostgresDialect::DescribeWithParameters(Connection& connection, const Query& query,
                                        const std::string& doing) const {
  const std::string subquery = SubqueryOf(query.sql);
  if (subquery.empty()) return std::nullopt;
  // With this limit the server does not begin to run the subquery.
  const std::string nothing =
      Text("SELECT * FROM (\n", subquery, "\n) AS aft_query LIMIT 0");
  try {
    PreparedQuery described(connection, {nothing, query.parameters}, doing);
    described.statement().Execute();
    std::vector<odbc::ColumnDescription> columns = described.statement().Columns();
    DescribeArrays(connection, query, columns, doing);
    return columns;
  } catch (const DatabaseError& error) {
    if (error.IsPassing()) throw;
    // The query's own error names places in its text.
    return std::nullopt;
  }
}

ReadPlan PostgresDialect::PlanRead(
    std::string_view sql, const std::vector<odbc::ColumnDescription>& columns) const {
  ReadPlan plan = Dialect::PlanRead(sql, columns);
  plan.cut_values = CutValues::kInBlock;
  bool has_cast = false;
  std::string names;
  std::string values;
  for (size_t i = 0; i < columns.size(); ++i) {
    ReadColumnPlan& column = plan.columns[i];
    column.type.has_zone =
        column.type.kind == Kind::kTimestamp && columns[i].type_name == kInstant;
    if (IsUndeclared(columns[i])) {
      column.type = {Kind::kReal};
      column.format = CellFormat::kText;
      column.is_decimal = true;
    }
    PlanArray(columns[i], column);
    const bool is_cast = NeedsCast(columns[i]);
    if (columns[i].type_name == kMoney) {
      column.type = {Kind::kText};
      column.format = CellFormat::kText;
    }
    has_cast = has_cast || is_cast;
    names += Text(i == 0 ? "c" : ", c", i);
    values += Text(i == 0 ? "c" : ", c", i, is_cast ? "::text" : "");
  }
  const std::string subquery = has_cast ? SubqueryOf(sql) : "";
  if (!subquery.empty()) {
    plan.sql =
        Text("SELECT ", values, " FROM (\n", subquery, "\n) AS aft_query (", names, ")");
  }
  return plan;
}

std::string PostgresDialect::TypeName(const ValueType& type) const {
  if (type.kind == Kind::kBinary) return "bytea";
  if (type.kind == Kind::kDecimal) return "numeric";
  if (type.kind == Kind::kUuid) return std::string(kUuid);
  if (type.kind == Kind::kJson) return "jsonb";
  if (type.kind == Kind::kList) return TypeName(type.element.front()) + "[]";
  if (type.kind == Kind::kTimestamp)
    return std::string(type.has_zone ? kInstant : kWallClock);
  return Dialect::TypeName(type);
}

ParameterStyle PostgresDialect::Parameters() const {
  ParameterStyle style;
  style.tells_count = true;
  return style;
}

bool PostgresDialect::TakesArrays(Connection& connection) const {
  if (takes_arrays_) return *takes_arrays_;
  try {
    takes_arrays_ = AskProbes(connection) == kProbesSeen;
  } catch (const DatabaseError& error) {
    // Many servers that psqlodbc connects to are only like PostgreSQL. What passes says
    // nothing of them.
    if (error.IsPassing()) throw;
    takes_arrays_ = false;
  }
  return *takes_arrays_;
}

std::vector<TableColumn> PostgresDialect::Columns(Connection& connection,
                                                  const Relation& relation,
                                                  const std::string& doing) const {
  // Down to the types below all domains, which are what values are checked against, and
  // from an array to its elements. A cast to an array's name in SQL would cut bits and
  // characters; its own name in the catalogue has no length.
  const std::string below = Text(
      "WITH RECURSIVE below (number, type, modifier, array_type) AS (SELECT attnum, "
      "atttypid, atttypmod, CAST(0 AS oid) FROM pg_catalog.pg_attribute WHERE attrelid "
      "= CAST(",
      PostgresLiteral(Name(relation)),
      " AS regclass) AND attnum > 0 AND NOT attisdropped UNION ALL SELECT b.number, "
      "CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END, CASE t.typtype "
      "WHEN 'd' THEN t.typtypmod ELSE b.modifier END, CASE t.typtype WHEN 'd' THEN "
      "b.array_type ELSE t.oid END FROM below b JOIN pg_catalog.pg_type t ON t.oid = "
      "b.type WHERE t.typtype = 'd' OR (b.array_type = 0 AND ",
      kIsPostgresArray, "))");
  Statement statement(connection, doing);
  statement.ExecuteDirect(Text(
      below,
      " SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typname, "
      "b.modifier, format_type(b.type, NULL), (a.atthasdef OR a.attidentity <> "
      "'')::int, ",
      kCollation,
      ", (SELECT quote_ident(n.nspname) || '.' || quote_ident(y.typname) FROM "
      "pg_catalog.pg_type y JOIN pg_catalog.pg_namespace n ON n.oid = "
      "y.typnamespace WHERE y.oid = b.array_type) FROM below b JOIN "
      "pg_catalog.pg_type t ON t.oid = b.type AND t.typtype <> 'd' AND (b.array_type "
      "<> 0 OR NOT ",
      kIsPostgresArray,
      ") JOIN pg_catalog.pg_attribute a ON a.attnum = b.number AND a.attrelid = "
      "CAST(",
      PostgresLiteral(Name(relation)), " AS regclass) ORDER BY a.attnum"));
  std::vector<TableColumn> columns;
  while (statement.Fetch()) {
    const std::string name = statement.Text(1).value_or("");
    const std::string type = statement.Text(3).value_or("");
    const auto modifier = ParseInteger(statement.Text(4).value_or("")).value_or(-1);
    const std::string base = statement.Text(5).value_or("");
    const bool is_filled = statement.Text(6) == "1";
    const std::string collation = statement.Text(7).value_or("");
    const std::optional<std::string> array = statement.Text(8);
    const auto read = array ? &ReadPostgresArray : &ReadPostgresType;
    TableColumn column(name, statement.Text(2).value_or(""),
                       read(type, static_cast<int>(modifier)));
    column.cast = array ? *array : CastTo(column.type, base);
    column.is_filled = is_filled;
    column.declaration = column.type_name + collation;
    columns.push_back(column);
  }
  return columns;
}

std::string PostgresDialect::TransactionId(Connection& connection,
                                           const std::string& doing) const {
  return PostgresValue(connection, "SELECT txid_current()::text", doing);
}

std::optional<bool> PostgresDialect::HasCommitted(
    Connection& connection, const std::string& transaction_id) const {
  const std::string status =
      PostgresValue(connection, Text("SELECT txid_status('", transaction_id, "')"),
                    "find out what became of a commit");
  if (status == "committed") return true;
  if (status == "aborted") return false;
  return std::nullopt;
}

}  // namespace aft
