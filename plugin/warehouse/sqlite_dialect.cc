// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/sqlite_dialect.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "host_shim/error.h"

namespace aft {
namespace {

constexpr SQLINTEGER kBusy = 5;
constexpr SQLINTEGER kLocked = 6;

// SQLite folds the case of ASCII letters only.
char Fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Fold(std::string_view text) {
  std::string folded(text);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](char c) { return Fold(c); });
  return folded;
}

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

// sqliteodbc 0.9998 cuts what stands in parentheses off a type's name, so that the unit
// has to be part of the name.
constexpr std::array<std::pair<int, std::string_view>, 3> kUnits = {
    {{0, "_S"}, {3, "_MS"}, {9, "_NS"}}};

/// A declared type as SQLite and its users read it.
struct DeclaredType {
  ValueType type;
  /// The name says too little: each value has to.
  bool is_open = false;
};

ValueType DeclaredTemporal(Kind kind, std::string_view name) {
  ValueType type{kind};
  for (const auto& [digits, suffix] : kUnits) {
    if (name.ends_with(Fold(suffix))) type.digits = digits;
  }
  type.has_zone = kind == Kind::kTimestamp &&
                  (name.starts_with("timestamptz") ||
                   (name.find("with time zone") != std::string_view::npos &&
                    name.find("without time zone") == std::string_view::npos));
  return type;
}

DeclaredType ReadDeclaration(std::string_view type_name) {
  const std::string name = Fold(type_name);
  const auto has = [&](std::string_view part) {
    return name.find(part) != std::string::npos;
  };
  if (name.starts_with("timestamp") || name.starts_with("datetime")) {
    return {DeclaredTemporal(Kind::kTimestamp, name)};
  }
  if (name == "date") return {{Kind::kDate}};
  if (name == "time" || name.starts_with("time_") || name.starts_with("time(")) {
    return {DeclaredTemporal(Kind::kTime, name)};
  }
  if (name.starts_with("bool") || name == "bit") return {{Kind::kBoolean}};
  if (has("int") && !has("point") && !has("interval")) return {{Kind::kInteger}};
  if (has("char") || has("clob") || has("text")) return {{Kind::kText}};
  if (has("blob") || has("binary")) return {{Kind::kBinary}};
  if (has("real") || has("floa") || has("doub")) return {{Kind::kReal}};
  if (has("num") || has("decimal")) return {{Kind::kReal}, true};
  return {{Kind::kNull}, true};
}

ReadColumnPlan PlanColumn(const odbc::ColumnDescription& column) {
  // sqliteodbc 0.9998 calls a column without a declared type "varchar", of 255, which
  // therefore says nothing.
  const bool is_declared = column.type_name != "varchar" || column.size != 255;
  const DeclaredType declared = ReadDeclaration(is_declared ? column.type_name : "");
  // The text of an integer is exact, and other values in its column read as none.
  const bool is_integer = declared.type.kind == Kind::kInteger;
  return {column.name, declared.type,
          is_integer ? CellFormat::kText : CellFormat::kTagged, declared.is_open};
}

std::optional<Encoding> EncodeInteger(const DeclaredType& declared) {
  if (declared.type.kind == Kind::kReal && !declared.is_open) {
    return Encoding::kIntegerAsReal;
  }
  if (declared.is_open || declared.type.kind == Kind::kInteger) return Encoding::kInteger;
  return std::nullopt;
}

std::optional<Encoding> EncodeReal(const DeclaredType& declared) {
  if (declared.type.kind == Kind::kInteger) return Encoding::kRealAsInteger;
  if (declared.is_open || declared.type.kind == Kind::kReal) return Encoding::kReal;
  return std::nullopt;
}

/// Decimals of up to 15 digits come back from a double by rounding; longer ones only
/// from text.
std::optional<Encoding> EncodeDecimal(const ValueType& type,
                                      const DeclaredType& declared) {
  const bool is_number = declared.is_open || declared.type.kind == Kind::kReal;
  if (is_number && type.precision <= 15) return Encoding::kDecimalText;
  return std::nullopt;
}

std::optional<Encoding> EncodeTemporal(const ValueType& type,
                                       const DeclaredType& declared) {
  const bool is_same = declared.type.kind == type.kind &&
                       declared.type.has_zone == type.has_zone &&
                       declared.type.digits >= type.digits;
  return is_same ? std::optional(Encoding::kAsText) : std::nullopt;
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
  return Fold(one) == Fold(other);
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
  std::string unit;
  for (const auto& [digits, suffix] : kUnits) {
    if (type.digits == digits) unit = suffix;
  }
  switch (type.kind) {
    case Kind::kNull:
      return "";
    case Kind::kBoolean:
      return "BOOLEAN";
    case Kind::kInteger:
      return "INTEGER";
    case Kind::kReal:
      return "REAL";
    case Kind::kDecimal:
      // SQLite's numbers hold 15 digits; a text holds them all.
      if (type.precision > 15 || type.scale < 0) return "TEXT";
      return Text("DECIMAL(", type.precision, ", ", type.scale, ")");
    case Kind::kText:
      return "TEXT";
    case Kind::kBinary:
      return "BLOB";
    case Kind::kDate:
      return "DATE";
    case Kind::kTime:
      return "TIME" + unit;
    case Kind::kTimestamp:
      return (type.has_zone ? "TIMESTAMPTZ" : "TIMESTAMP") + unit;
  }
  return "";
}

std::optional<Encoding> SqliteDialect::EncodingFor(const ValueType& type,
                                                   const TableColumn& column) const {
  const DeclaredType declared = ReadDeclaration(column.type_name);
  // Only a column without any type keeps what it is given; of an unknown type, SQLite
  // makes numbers of texts that look like some.
  const bool is_untyped = column.type_name.empty();
  const bool is_same = declared.type.kind == type.kind || is_untyped;
  const bool is_text = declared.type.kind == Kind::kText;
  switch (type.kind) {
    case Kind::kNull:
      return Encoding::kNull;
    case Kind::kText:
      return is_same ? std::optional(Encoding::kText) : std::nullopt;
    case Kind::kBinary:
      return is_same ? std::optional(Encoding::kBinary) : std::nullopt;
    default:
      if (is_text) return Encoding::kAsText;
  }
  switch (type.kind) {
    case Kind::kBoolean:
      return is_same ? Encoding::kInteger : EncodeInteger(declared);
    case Kind::kInteger:
      return EncodeInteger(declared);
    case Kind::kReal:
      return EncodeReal(declared);
    case Kind::kDecimal:
      return is_untyped ? Encoding::kAsText : EncodeDecimal(type, declared);
    default:
      return is_untyped ? Encoding::kAsText : EncodeTemporal(type, declared);
  }
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
    if (Fold(databases.Text(1).value_or("")) == Fold(relation.schema)) return;
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
    if (Fold(relations.Text(1).value_or("")) != Fold(relation.identifier)) continue;
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

std::vector<std::string> SqliteDialect::SwapStatements(const Relation& staging,
                                                       const Relation& target,
                                                       RelationKind kind) const {
  std::vector<std::string> statements = Dialect::SwapStatements(staging, target, kind);
  // Otherwise a rename (SQLite 3.26 and later) looks into every view, and fails at those
  // that read the table just dropped.
  statements.insert(statements.begin(), "PRAGMA legacy_alter_table = ON");
  statements.emplace_back("PRAGMA legacy_alter_table = OFF");
  return statements;
}

}  // namespace aft
