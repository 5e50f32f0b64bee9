// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/postgres_dialect.h"

namespace aft {
namespace {

constexpr std::string_view kInstant = "timestamptz";
constexpr std::string_view kWallClock = "timestamp";

}  // namespace

PostgresDialect::PostgresDialect(odbc::Connection& connection) : Dialect(connection) {
  odbc::Statement(connection, "set the session's time zone")
      .ExecuteDirect("SET TIME ZONE 'UTC'");
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

}  // namespace aft
