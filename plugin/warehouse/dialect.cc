// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialect.h"

#include <algorithm>
#include <array>

#include "host_shim/error.h"
#include "plugin/warehouse/fold_case.h"
#include "plugin/warehouse/generic_dialect.h"
#include "plugin/warehouse/mariadb_dialect.h"
#include "plugin/warehouse/postgres_dialect.h"
#include "plugin/warehouse/sqlite_dialect.h"

namespace aft {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsPlainWord(std::string_view name) {
  const auto may_start = [](char c) { return IsLetter(c) || c == '_'; };
  return !name.empty() && may_start(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return may_start(c) || (c >= '0' && c <= '9'); });
}

ValueType IntegerType(int bits, bool is_unsigned) {
  ValueType type{Kind::kInteger};
  type.bits = bits;
  type.is_unsigned = is_unsigned;
  return type;
}

ValueType DecimalType(const odbc::ColumnDescription& column) {
  const int precision = static_cast<int>(std::min<SQLULEN>(column.size, 1000));
  const int scale = column.decimal_digits;
  // What fits no Arrow decimal is read as text, which keeps every digit.
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    return {Kind::kText};
  }
  ValueType type{Kind::kDecimal};
  type.precision = precision;
  type.scale = scale;
  return type;
}

ValueType TemporalType(Kind kind, SQLSMALLINT decimal_digits) {
  ValueType type{kind};
  type.digits = decimal_digits > 6 ? 9 : 6;
  return type;
}

ValueType TypeOf(const odbc::ColumnDescription& column) {
  switch (column.sql_type) {
    case SQL_BIT:
      return {Kind::kBoolean};
    case SQL_TINYINT:
      return IntegerType(16, false);
    case SQL_SMALLINT:
      return IntegerType(column.is_unsigned ? 32 : 16, false);
    case SQL_INTEGER:
      return IntegerType(column.is_unsigned ? 64 : 32, false);
    case SQL_BIGINT:
      return IntegerType(64, column.is_unsigned);
    case SQL_REAL:
    case SQL_FLOAT:
    case SQL_DOUBLE:
      return {Kind::kReal};
    case SQL_DECIMAL:
    case SQL_NUMERIC:
      return DecimalType(column);
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY:
      return {Kind::kBinary};
    case SQL_TYPE_DATE:
      return {Kind::kDate};
    case SQL_TYPE_TIME:
      return TemporalType(Kind::kTime, column.decimal_digits);
    case SQL_TYPE_TIMESTAMP:
      return TemporalType(Kind::kTimestamp, column.decimal_digits);
    default:
      return {Kind::kText};
  }
}

CellFormat FormatOf(const ValueType& type, SQLSMALLINT sql_type) {
  const bool is_wide =
      sql_type == SQL_WCHAR || sql_type == SQL_WVARCHAR || sql_type == SQL_WLONGVARCHAR;
  if (is_wide) return CellFormat::kWideText;
  switch (type.kind) {
    case Kind::kBoolean:
    case Kind::kInteger:
    case Kind::kReal:
    case Kind::kBinary:
      return CellFormat::kNative;
    default:
      return CellFormat::kText;
  }
}

}  // namespace

Dialect::Dialect(const odbc::Connection& connection)
    : quote_(connection.InfoText(SQL_IDENTIFIER_QUOTE_CHAR)),
      catalog_separator_(connection.InfoText(SQL_CATALOG_NAME_SEPARATOR)),
      has_schemas_((connection.InfoNumber(SQL_SCHEMA_USAGE) & SQL_SU_DML_STATEMENTS) !=
                   0),
      has_catalogs_((connection.InfoNumber(SQL_CATALOG_USAGE) & SQL_CU_DML_STATEMENTS) !=
                        0 &&
                    connection.InfoNumber(SQL_CATALOG_LOCATION) == SQL_CL_START),
      has_transactional_ddl_(connection.InfoNumber(SQL_TXN_CAPABLE) == SQL_TC_ALL) {
  // A blank says that the database has no quotes; the standard's are the best guess.
  if (quote_.empty() || quote_ == " ") quote_ = "\"";
  if (catalog_separator_.empty()) catalog_separator_ = ".";
}

std::string Dialect::Quote(std::string_view identifier) const {
  if (identifier.empty()) throw Error("cannot quote an identifier: it is empty");
  if (identifier.find('\0') != std::string_view::npos) {
    throw Error(Text("cannot quote identifier '",
                     identifier.substr(0, identifier.find('\0')),
                     "…': it holds a NUL character"));
  }
  CheckLength(identifier);
  std::string quoted = quote_;
  for (const char c : identifier) {
    quoted += c;
    if (quote_.size() == 1 && c == quote_[0]) quoted += c;
  }
  return quoted + quote_;
}

void Dialect::CheckLength(std::string_view identifier) const {
  const size_t longest = LongestIdentifier();
  if (longest == 0 || identifier.size() <= longest) return;
  throw Error(Text("the identifier '", identifier, "' has ", identifier.size(),
                   " bytes, of which the database would keep ", longest,
                   "; choose a shorter one"));
}

std::string Dialect::Part(std::string_view name, bool is_quoted) const {
  CheckLength(name);
  return !is_quoted && IsPlainWord(name) ? std::string(name) : Quote(name);
}

// What dbt calls a schema is the catalog of a database that has no schemas.
std::string Dialect::Catalog(const Relation& relation) const {
  if (!has_catalogs_) return "";
  const bool is_schema = !has_schemas_ && !relation.schema.empty();
  return is_schema ? relation.schema : relation.database;
}

std::string Dialect::Schema(const Relation& relation) const {
  return has_schemas_ ? relation.schema : "";
}

std::string Dialect::Name(const Relation& relation) const {
  std::string name;
  if (const std::string catalog = Catalog(relation); !catalog.empty()) {
    const bool is_quoted = has_schemas_ ? relation.quote_database : relation.quote_schema;
    name += Part(catalog, is_quoted) + catalog_separator_;
  }
  if (has_schemas_ && !relation.schema.empty()) {
    name += Part(relation.schema, relation.quote_schema) + ".";
  }
  return name + Part(relation.identifier, relation.quote_identifier);
}

bool Dialect::IsSameColumn(std::string_view one, std::string_view other) const {
  return one == other;
}

std::string Dialect::ForDriver(std::string_view sql) const { return std::string(sql); }

std::vector<odbc::ColumnDescription> Dialect::DescribeQuery(
    odbc::Connection& connection, const std::string& sql,
    const std::string& doing) const {
  odbc::Statement statement(connection, doing);
  statement.Prepare(sql);
  return statement.Columns();
}

ReadPlan Dialect::PlanRead(std::string_view sql,
                           const std::vector<odbc::ColumnDescription>& columns) const {
  ReadPlan plan;
  plan.sql = sql;
  for (const odbc::ColumnDescription& column : columns) {
    const ValueType type = TypeOf(column);
    plan.columns.push_back(
        {column.name, type, FormatOf(type, column.sql_type), /*is_inferred=*/false});
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
      return Text("decimal(", std::max(type.precision, type.scale), ", ",
                  std::max(type.scale, 0), ")");
    case Kind::kBinary:
      return "blob";
    case Kind::kDate:
      return "date";
    case Kind::kTime:
      return "time";
    case Kind::kTimestamp:
      return "timestamp";
    case Kind::kText:
    case Kind::kNull:
      break;
  }
  return "text";
}

std::optional<Encoding> Dialect::EncodingFor(const ValueType& type,
                                             const TableColumn&) const {
  switch (type.kind) {
    case Kind::kNull:
      return Encoding::kNull;
    case Kind::kBoolean:
      return Encoding::kBit;
    case Kind::kInteger:
      return type.bits == 64 && type.is_unsigned ? Encoding::kUnsigned
                                                 : Encoding::kInteger;
    case Kind::kReal:
      return Encoding::kReal;
    case Kind::kDecimal:
      return Encoding::kDecimalText;
    case Kind::kText:
      return Encoding::kTextWithoutNul;
    case Kind::kBinary:
      return Encoding::kBinary;
    case Kind::kDate:
      return Encoding::kDateText;
    case Kind::kTime:
      return Encoding::kTimeText;
    case Kind::kTimestamp:
      return Encoding::kTimestampText;
  }
  return std::nullopt;
}

std::string Dialect::FirstWord(std::string_view sql) {
  const size_t from = sql.find_first_not_of("( \t\r\n");
  std::string word;
  for (size_t at = from; at < sql.size() && IsLetter(sql[at]); ++at) {
    word += static_cast<char>(sql[at] | 0x20);
  }
  return word;
}

std::optional<int64_t> Dialect::Execute(odbc::Connection& connection,
                                        std::string_view sql,
                                        const std::string& doing) const {
  odbc::Statement statement(connection, doing);
  statement.ExecuteDirect(sql);
  if (!statement.Columns().empty()) {
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

std::string Dialect::TransactionId(odbc::Connection&, const std::string&) const {
  return "";
}

std::optional<bool> Dialect::HasCommitted(odbc::Connection&, const std::string&) const {
  return std::nullopt;
}

bool Dialect::HasTransactionalDdl() const { return has_transactional_ddl_; }

void Dialect::EnsureSchema(odbc::Connection& connection, const Relation& relation,
                           const std::string& doing) const {
  if (relation.schema.empty() || (!has_schemas_ && !has_catalogs_)) return;
  odbc::Statement schemas(connection, doing);
  schemas.Qualifiers(has_schemas_);
  while (schemas.Fetch()) {
    if (schemas.Text(has_schemas_ ? 2 : 1) == relation.schema) return;
  }
  Execute(connection, "CREATE SCHEMA " + Part(relation.schema, relation.quote_schema),
          doing);
}

RelationKind Dialect::Find(odbc::Connection& connection, const Relation& relation,
                           const std::string& doing) const {
  odbc::Statement tables(connection, doing);
  // A catalog beside a schema is the connection's own.
  const std::string catalog = has_schemas_ ? "" : Catalog(relation);
  const std::string schema = Schema(relation);
  tables.Tables(catalog, schema, relation.identifier);
  // The names are patterns to SQLTables, where '_' stands for any character.
  const auto is = [](const std::string& wanted, const std::optional<std::string>& found) {
    return wanted.empty() || FoldCase(found.value_or(wanted)) == FoldCase(wanted);
  };
  while (tables.Fetch()) {
    const bool is_in_place = is(catalog, tables.Text(1)) && is(schema, tables.Text(2));
    if (!is_in_place || tables.Text(3) != relation.identifier) continue;
    const std::string type = tables.Text(4).value_or("");
    return type.find("VIEW") != std::string::npos ? RelationKind::kView
                                                  : RelationKind::kTable;
  }
  return RelationKind::kMissing;
}

std::vector<TableColumn> Dialect::Columns(odbc::Connection& connection,
                                          const Relation& relation,
                                          const std::string& doing) const {
  std::vector<TableColumn> columns;
  const std::string query = "SELECT * FROM " + Name(relation) + " WHERE 1 = 0";
  for (const auto& column : DescribeQuery(connection, query, doing)) {
    const bool has_seconds =
        column.sql_type == SQL_TYPE_TIME || column.sql_type == SQL_TYPE_TIMESTAMP;
    columns.push_back(
        {column.name, column.type_name, has_seconds ? int{column.decimal_digits} : 9});
  }
  return columns;
}

Relation Dialect::OldTable(const Relation& staging, const Relation& target) {
  Relation old = target;
  const size_t number = staging.identifier.rfind('_');
  old.identifier = Text("aft_old", staging.identifier.substr(number));
  old.quote_identifier = true;
  return old;
}

SwapStep Dialect::Rename(const Relation& from, const Relation& to) const {
  const auto rename = [this](const Relation& one, const Relation& other) {
    // Databases take the new name for one in the table's schema, or, without schemas, in
    // the connection's own catalog.
    const bool is_alone = has_schemas_ || !has_catalogs_;
    return "ALTER TABLE " + Name(one) + " RENAME TO " +
           (is_alone ? Part(other.identifier, other.quote_identifier) : Name(other));
  };
  return {rename(from, to), rename(to, from)};
}

std::vector<SwapStep> Dialect::SwapSteps(const Relation& staging, const Relation& target,
                                         RelationKind kind) const {
  std::vector<SwapStep> steps;
  const bool sets_aside = kind == RelationKind::kTable && !HasTransactionalDdl();
  const Relation old = OldTable(staging, target);
  if (sets_aside) {
    steps.push_back(Rename(target, old));
  } else if (kind != RelationKind::kMissing) {
    const bool is_view = kind == RelationKind::kView;
    steps.push_back({(is_view ? "DROP VIEW " : "DROP TABLE ") + Name(target), ""});
  }
  steps.push_back(Rename(staging, target));
  if (sets_aside) steps.push_back({"DROP TABLE " + Name(old), ""});
  return steps;
}

std::unique_ptr<Dialect> MakeDialect(odbc::Connection& connection) {
  const std::string name = connection.InfoText(SQL_DBMS_NAME);
  if (name == "SQLite") {
    connection.set_advise(&SqliteDialect::Advise);
    // sqliteodbc frees what the other thread is busy with.
    connection.set_cancellable(false);
    return std::make_unique<SqliteDialect>(connection);
  }
  if (name == "MariaDB" || name == "MySQL") {
    connection.set_advise(&MariadbDialect::Advise);
    connection.set_warnings_are_errors(true);
    return std::make_unique<MariadbDialect>(connection);
  }
  if (name == "PostgreSQL") return std::make_unique<PostgresDialect>(connection);
  return std::make_unique<GenericDialect>(connection);
}

}  // namespace aft
