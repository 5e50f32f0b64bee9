// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/postgres_dialect.h"

#include <charconv>

namespace aft {
namespace {

constexpr std::string_view kInstant = "timestamptz";
constexpr std::string_view kWallClock = "timestamp";

/// The one value of a query's one row; empty for NULL.
std::string Value(odbc::Connection& connection, const std::string& sql,
                  const std::string& doing) {
  odbc::Statement statement(connection, doing, odbc::Statement::Stop::kNever);
  statement.ExecuteDirect(sql);
  if (!statement.Fetch()) return "";
  return statement.Text(1).value_or("");
}

}  // namespace

PostgresDialect::PostgresDialect(odbc::Connection& connection) : Dialect(connection) {
  odbc::Statement(connection, "set the session's time zone")
      .ExecuteDirect("SET TIME ZONE 'UTC'");
  const std::string longest = Value(connection, "SHOW max_identifier_length",
                                    "ask how long an identifier may be");
  std::from_chars(longest.data(), longest.data() + longest.size(), longest_identifier_);
}

ReadPlan PostgresDialect::PlanRead(
    std::string_view sql, const std::vector<odbc::ColumnDescription>& columns) const {
  ReadPlan plan = Dialect::PlanRead(sql, columns);
  for (size_t i = 0; i < columns.size(); ++i) {
    ValueType& type = plan.columns[i].type;
    type.has_zone = type.kind == Kind::kTimestamp && columns[i].type_name == kInstant;
  }
  return plan;
}

std::string PostgresDialect::TypeName(const ValueType& type) const {
  if (type.kind == Kind::kBinary) return "bytea";
  if (type.kind == Kind::kTimestamp)
    return std::string(type.has_zone ? kInstant : kWallClock);
  return Dialect::TypeName(type);
}

std::optional<Encoding> PostgresDialect::EncodingFor(const ValueType& type,
                                                     const TableColumn& column) const {
  // One would be taken for the other without a word.
  const bool is_other = column.type_name == (type.has_zone ? kWallClock : kInstant);
  if (type.kind == Kind::kTimestamp && is_other) return std::nullopt;
  return Dialect::EncodingFor(type, column);
}

std::string PostgresDialect::TransactionId(odbc::Connection& connection,
                                           const std::string& doing) const {
  return Value(connection, "SELECT txid_current()::text", doing);
}

std::optional<bool> PostgresDialect::HasCommitted(
    odbc::Connection& connection, const std::string& transaction_id) const {
  const std::string status =
      Value(connection, Text("SELECT txid_status('", transaction_id, "')"),
            "find out what became of a commit");
  if (status == "committed") return true;
  if (status == "aborted") return false;
  return std::nullopt;
}

}  // namespace aft
