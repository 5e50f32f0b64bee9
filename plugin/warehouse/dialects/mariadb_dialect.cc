// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/mariadb_dialect.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "host_shim/error.h"
#include "plugin/warehouse/dialects/mariadb_catalog.h"
#include "plugin/warehouse/dialects/mariadb_statements.h"
#include "plugin/warehouse/dialects/mariadb_type.h"

namespace aft {
namespace {

constexpr SQLINTEGER kServerGone = 2006;
constexpr SQLINTEGER kPacketTooLarge = 1153;
constexpr int64_t kRowsPerExecution = 10'000;
// What a statement takes beside its values.
constexpr size_t kRoomInPacket = 64U << 10;

// What the text of a decimal has beside its digits, and of a time at most.
constexpr size_t kSignPointAndZero = 3;
constexpr size_t kLongestTime = std::string_view("-838:59:59.123456").size();

// A character that takes four bytes, which MySQL's "utf8" does not have.
constexpr std::string_view kFourBytes = "\xF0\x9F\x98\x80";

// What a driver could take for something else.
constexpr std::array<std::string_view, 4> kProbes = {"", "'", "", "\\"};
constexpr std::array<int64_t, 4> kProbeNumbers = {0, 7, -1, 0};
constexpr std::array<bool, 4> kProbesAreNull = {false, false, true, false};
constexpr std::array<bool, 4> kProbeNumbersAreNull = {true, false, false, false};
constexpr std::string_view kProbesSeen = R"(NULL [];7 ['];-1 NULL;0 [\])";

void InsertProbes(Connection& connection, const std::string& table) {
  constexpr size_t kRows = kProbes.size();
  constexpr size_t kWidth = 4;
  std::array<int64_t, kRows> numbers = kProbeNumbers;
  std::array<char, kRows * kWidth> texts{};
  std::array<std::array<SQLLEN, kRows>, 2> lengths{};
  for (size_t row = 0; row < kRows; ++row) {
    const std::string_view text = kProbes.at(row);
    std::copy(text.begin(), text.end(), texts.begin() + row * kWidth);
    lengths[0].at(row) = kProbeNumbersAreNull.at(row) ? SQL_NULL_DATA : sizeof numbers[0];
    lengths[1].at(row) =
        kProbesAreNull.at(row) ? SQL_NULL_DATA : static_cast<SQLLEN>(text.size());
  }
  odbc::Statement statement(connection.odbc(), "try arrays of parameters", Stop::kNever);
  statement.Prepare(Text("INSERT INTO ", table, " (number, text) VALUES (?, ?)"));
  statement.SetRowsPerExecution(kRows);
  statement.BindParameter(
      1, {SQL_C_SBIGINT, SQL_BIGINT, 20, 0, reinterpret_cast<char*>(numbers.data()),
          sizeof numbers[0], lengths[0].data()});
  statement.BindParameter(2, {SQL_C_CHAR, SQL_LONGVARCHAR, kWidth, 0, texts.data(),
                              kWidth, lengths[1].data()});
  statement.Execute();
}

/// Whether an array of parameters arrives as it is in a temporary `table`.
bool KeepsRows(Connection& connection, const std::string& table) {
  const auto run = [&](const std::string& sql) {
    Statement(connection, "try arrays of parameters", Stop::kNever).ExecuteDirect(sql);
  };
  // Making or dropping such a table doesn't commit. Where none may be made, nothing is
  // known against the driver.
  try {
    run("DROP TEMPORARY TABLE IF EXISTS " + table);
    run(Text("CREATE TEMPORARY TABLE ", table,
             " (place int auto_increment primary key, number bigint, "
             "text varchar(9) CHARACTER SET utf8mb4)"));
  } catch (const DatabaseError& error) {
    if (error.IsConnectionLost()) throw;
    return true;
  }
  InsertProbes(connection, table);
  const std::optional<std::string> seen = MariadbValue(
      connection,
      Text("SELECT group_concat(coalesce(number, 'NULL'), ' ', "
           "coalesce(concat('[', text, ']'), 'NULL') ORDER BY place SEPARATOR ';') FROM ",
           table),
      "try arrays of parameters");
  run("DROP TEMPORARY TABLE " + table);
  return seen == kProbesSeen;
}

}  // namespace

// MariaDB's driver (3.1 and 3.2) gives NULL for a date of zeros, but writes the zeros
// first, so that no NULL is mistaken; MySQL's own driver does not.
MariadbDialect::MariadbDialect(odbc::Connection& connection)
    : Dialect(std::make_unique<MariadbStatements>(NamesOf(connection))),
      gives_structs_(connection.InfoText(SQL_DRIVER_NAME).find("maodbc") !=
                     std::string::npos) {
  // An integer 0 stays 0 in a column that counts by itself. Notes are counted, and a
  // warning's text is kept, for CheckInserted().
  Statement(connection, "set up the session")
      .ExecuteDirect(
          "SET time_zone = '+00:00', sql_mode = concat(@@sql_mode, "
          "',STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'), sql_notes = 1, "
          "max_error_count = 64");
  Statement statement(connection, "ask what the server and the driver do", Stop::kNever);
  statement.ExecuteDirect(
      Text("SELECT @@max_allowed_packet, ", MariadbLiteral(kFourBytes), ", version()"));
  if (!statement.Fetch()) return;
  const std::string longest = statement.Text(1).value_or("");
  if (statement.Text(2) != kFourBytes) {
    throw Error(
        "cannot use the connection: its character set would change text; add "
        "CHARSET=utf8mb4 to the connection string");
  }
  has_uuids_ = HasUuids(statement.Text(3).value_or(""));
  size_t packet = 0;
  std::from_chars(longest.data(), longest.data() + longest.size(), packet);
  longest_statement_ = packet > 2 * kRoomInPacket ? packet - kRoomInPacket : packet / 2;
}

std::string_view MariadbDialect::Advise(const Diagnostic& diagnostic) {
  if (diagnostic.native_code != kServerGone && diagnostic.native_code != kPacketTooLarge)
    return "";
  return "the server has ended the connection, as it does when it is stopped, when a "
         "statement is larger than its max_allowed_packet, or after its wait_timeout";
}

ReadPlan MariadbDialect::PlanRead(
    std::string_view sql, const std::vector<odbc::ColumnDescription>& columns) const {
  ReadPlan plan = Dialect::PlanRead(sql, columns);
  // MariaDB's driver (3.1.15) says that it can go back to a row of a block; it then gives
  // another row's value and leaves rows out. The sizes are the server's own.
  plan.cut_values = CutValues::kNever;
  for (size_t i = 0; i < columns.size(); ++i) {
    const odbc::ColumnDescription& column = columns[i];
    ValueType& type = plan.columns[i].type;
    type.has_zone = type.kind == Kind::kTimestamp && column.type_name == "timestamp";
    const bool is_struct = type.kind == Kind::kDate || type.kind == Kind::kTimestamp;
    if (gives_structs_ && is_struct) plan.columns[i].format = CellFormat::kStruct;
    const bool is_decimal =
        column.sql_type == SQL_DECIMAL || column.sql_type == SQL_NUMERIC;
    if (is_decimal) plan.columns[i].width = column.size + kSignPointAndZero;
    if (type.kind == Kind::kTime) plan.columns[i].width = kLongestTime;
  }
  return plan;
}

std::string MariadbDialect::TypeName(const ValueType& type) const {
  if (type.kind == Kind::kUuid && !has_uuids_) return "char(36)";
  return MariadbTypeName(type);
}

ParameterStyle MariadbDialect::Parameters() const {
  ParameterStyle style;
  // The driver's own times have no fraction.
  style.has_times = false;
  // The session's time zone is UTC, and the server takes no other in a value.
  style.says_zone = false;
  style.tells_count = true;
  return style;
}

InsertLimits MariadbDialect::Limits(Connection& connection,
                                    const Relation& target) const {
  // There may be no default database.
  if (!keeps_rows_)
    keeps_rows_ = KeepsRows(connection, Name(Beside(target, "aft_probe")));
  return {*keeps_rows_ ? kRowsPerExecution : 1, longest_statement_};
}

void MariadbDialect::CheckInserted(Connection& connection,
                                   const std::string& doing) const {
  // The count is right even where a script has set how many warnings are kept to none.
  if (MariadbValue(connection, "SELECT @@warning_count", doing) == "0") return;
  Statement warnings(connection, doing, Stop::kNever);
  warnings.ExecuteDirect("SHOW WARNINGS LIMIT 1");
  const std::string text = warnings.Fetch() ? warnings.Text(3).value_or("")
                                            : "the database has changed a value";
  const std::vector<Diagnostic> said = {{"01000", 0, text}};
  throw DatabaseError(doing, "SHOW WARNINGS", said, "");
}

}  // namespace aft
