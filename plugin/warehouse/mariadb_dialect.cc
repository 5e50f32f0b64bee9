// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/mariadb_dialect.h"

#include <charconv>

#include "host_shim/error.h"
#include "plugin/warehouse/fold_case.h"
#include "plugin/warehouse/mariadb_type.h"

namespace aft {
namespace {

constexpr SQLINTEGER kServerGone = 2006;
constexpr SQLINTEGER kPacketTooLarge = 1153;
constexpr int64_t kRowsPerExecution = 1000;
// What a statement takes beside its values.
constexpr size_t kRoomInPacket = 64U << 10;

// More digits than an Arrow decimal has, as of the sum of a bigint, are seldom used; such
// a column is read as decimals if it leaves as many before the point as a bigint needs.
constexpr SQLULEN kMostDigits = 38;
constexpr SQLSMALLINT kMostPlaces = 18;

/// A text as a literal, whatever the session takes a backslash for.
std::string Literal(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex = "_utf8mb4 0x";
  if (text.empty()) return "''";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte / 16];
    hex += kDigits[byte % 16];
  }
  return hex;
}

/// The condition for information_schema that picks the relation.
std::string Picks(const Relation& relation) {
  const std::string schema =
      relation.schema.empty() ? "database()" : Literal(relation.schema);
  return Text(" WHERE table_schema = ", schema,
              " AND table_name = ", Literal(relation.identifier));
}

/// The first column of a query's first row.
std::optional<std::string> Value(odbc::Connection& connection, const std::string& sql,
                                 const std::string& doing) {
  odbc::Statement statement(connection, doing, odbc::Statement::Stop::kNever);
  statement.ExecuteDirect(sql);
  if (!statement.Fetch()) return std::nullopt;
  return statement.Text(1);
}

/// What the lock is called that says that a staging table is in use.
std::string LockName(const Relation& staging) {
  return Literal(
      Text("aft_", staging.identifier.substr(staging.identifier.rfind('_') + 1)));
}

}  // namespace

MariadbDialect::MariadbDialect(odbc::Connection& connection) : Dialect(connection) {
  // An integer 0 stays 0 in a column that counts by itself.
  odbc::Statement(connection, "set up the session")
      .ExecuteDirect(
          "SET time_zone = '+00:00', sql_mode = concat(@@sql_mode, "
          "',STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO')");
  const std::string longest =
      Value(connection, "SELECT @@max_allowed_packet", "ask how much the server takes")
          .value_or("");
  size_t packet = 0;
  std::from_chars(longest.data(), longest.data() + longest.size(), packet);
  longest_statement_ = packet > 2 * kRoomInPacket ? packet - kRoomInPacket : packet / 2;
}

std::string_view MariadbDialect::Advise(const odbc::Diagnostic& diagnostic) {
  if (diagnostic.native_code != kServerGone && diagnostic.native_code != kPacketTooLarge)
    return "";
  return "the server has ended the connection, as it does when it is stopped, when a "
         "statement is larger than its max_allowed_packet, or after its wait_timeout";
}

bool MariadbDialect::IsSameColumn(std::string_view one, std::string_view other) const {
  return FoldCase(one) == FoldCase(other);
}

ReadPlan MariadbDialect::PlanRead(
    std::string_view sql, const std::vector<odbc::ColumnDescription>& columns) const {
  ReadPlan plan = Dialect::PlanRead(sql, columns);
  for (size_t i = 0; i < columns.size(); ++i) {
    const odbc::ColumnDescription& column = columns[i];
    ValueType& type = plan.columns[i].type;
    type.has_zone = type.kind == Kind::kTimestamp && column.type_name == "timestamp";
    const bool is_decimal =
        column.sql_type == SQL_DECIMAL || column.sql_type == SQL_NUMERIC;
    if (is_decimal && column.size > kMostDigits && column.decimal_digits <= kMostPlaces) {
      type.kind = Kind::kDecimal;
      type.precision = kMostDigits;
      type.scale = column.decimal_digits;
    }
  }
  return plan;
}

std::string MariadbDialect::TypeName(const ValueType& type) const {
  return MariadbTypeName(type);
}

std::optional<Encoding> MariadbDialect::EncodingFor(const ValueType& type,
                                                    const TableColumn& column) const {
  return MariadbEncoding(type, column.type_name);
}

InsertLimits MariadbDialect::Limits() const {
  return {kRowsPerExecution, longest_statement_};
}

void MariadbDialect::CheckInserted(odbc::Connection& connection,
                                   const std::string& doing) const {
  odbc::Statement warnings(connection, doing, odbc::Statement::Stop::kNever);
  warnings.ExecuteDirect("SHOW WARNINGS LIMIT 1");
  if (!warnings.Fetch()) return;
  const std::vector<odbc::Diagnostic> said = {
      {"01000", 0, warnings.Text(3).value_or("")}};
  throw odbc::OdbcError(doing, "SHOW WARNINGS", said, "");
}

RelationKind MariadbDialect::Find(odbc::Connection& connection, const Relation& relation,
                                  const std::string& doing) const {
  const std::optional<std::string> type =
      Value(connection,
            "SELECT table_type FROM information_schema.tables" + Picks(relation), doing);
  if (!type) return RelationKind::kMissing;
  return type->find("VIEW") != std::string::npos ? RelationKind::kView
                                                 : RelationKind::kTable;
}

void MariadbDialect::CheckAppend(odbc::Connection& connection, const Relation& relation,
                                 const std::string& doing) const {
  const std::optional<std::string> engine = Value(
      connection,
      "SELECT e.engine FROM information_schema.tables t JOIN information_schema.engines "
      "e ON e.engine = t.engine AND e.transactions <> 'YES'" +
          Picks(relation),
      doing);
  if (!engine) return;
  throw Error(Text("cannot ", doing, ": its engine, ", *engine, ", has no transactions, ",
                   "so that an append could be left half done; use another one, such as ",
                   "InnoDB"));
}

std::string MariadbDialect::TableOptions(odbc::Connection& connection,
                                         const Relation& relation,
                                         const std::string& doing) const {
  const std::string schema =
      relation.schema.empty() ? "database()" : Literal(relation.schema);
  const std::optional<std::string> charset =
      Value(connection,
            "SELECT default_character_set_name FROM information_schema.schemata WHERE "
            "schema_name = " +
                schema,
            doing);
  // Another one can't hold every text; where this is the default, so is its collation.
  return charset == "utf8mb4" ? "" : " CHARACTER SET utf8mb4";
}

std::vector<TableColumn> MariadbDialect::Columns(odbc::Connection& connection,
                                                 const Relation& relation,
                                                 const std::string& doing) const {
  odbc::Statement statement(connection, doing);
  statement.ExecuteDirect(
      "SELECT column_name, column_type FROM information_schema.columns" +
      Picks(relation) + " ORDER BY ordinal_position");
  std::vector<TableColumn> columns;
  while (statement.Fetch()) {
    const std::string type_name = statement.Text(2).value_or("");
    columns.push_back(
        {statement.Text(1).value_or(""), type_name, MariadbSecondDigits(type_name)});
  }
  return columns;
}

// A lock is the session's and ends with it. In a cluster, other servers don't know of it.
void MariadbDialect::ReserveStaging(odbc::Connection& connection, const Relation& staging,
                                    const std::string& doing) const {
  (void)Value(connection, Text("SELECT get_lock(", LockName(staging), ", 0)"), doing);
  if (Value(connection,
            "SHOW GLOBAL VARIABLES WHERE variable_name = 'wsrep_on' AND value "
            "= 'ON'",
            doing)) {
    return;
  }
  const std::string schema =
      staging.schema.empty() ? "database()" : Literal(staging.schema);
  odbc::Statement unused(connection, doing);
  unused.ExecuteDirect(
      Text("SELECT table_name, table_type FROM information_schema.tables WHERE "
           "table_schema = ",
           schema,
           " AND table_name REGEXP '^aft_(staging|old)_[0-9a-f]{16}$' AND "
           "is_free_lock(concat('aft_', right(table_name, 16)))"));
  while (unused.Fetch()) {
    Relation relation = staging;
    relation.identifier = unused.Text(1).value_or("");
    const bool is_view = unused.Text(2) == "VIEW";
    // One that somebody else removes, or may alone remove, doesn't stop the write.
    try {
      Execute(connection, (is_view ? "DROP VIEW " : "DROP TABLE ") + Name(relation),
              doing);
    } catch (const odbc::OdbcError& error) {
      if (error.IsConnectionLost()) throw;
    }
  }
}

void MariadbDialect::ReleaseStaging(odbc::Connection& connection,
                                    const Relation& staging) const {
  (void)Value(connection, Text("SELECT release_lock(", LockName(staging), ")"),
              "release a staging table");
}

std::vector<SwapStep> MariadbDialect::SwapSteps(const Relation& staging,
                                                const Relation& target,
                                                RelationKind kind) const {
  const std::string from = Name(staging);
  const std::string to = Name(target);
  if (kind == RelationKind::kMissing) return {{"RENAME TABLE " + from + " TO " + to, ""}};
  const std::string old = Name(OldTable(staging, target));
  const bool is_view = kind == RelationKind::kView;
  return {{Text("RENAME TABLE ", to, " TO ", old, ", ", from, " TO ", to),
           Text("RENAME TABLE ", to, " TO ", from, ", ", old, " TO ", to)},
          {(is_view ? "DROP VIEW " : "DROP TABLE ") + old, ""}};
}

}  // namespace aft
