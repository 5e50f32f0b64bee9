// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/refused_row.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "plugin/warehouse/write/batch.h"

namespace aft {
namespace {

constexpr SQLINTEGER kMariadbDuplicate = 1062;
// What MariaDB ends a message with: the row's number in the statement.
constexpr std::string_view kOnlyRow = " at row 1";

/// True where a row alone is refused for its own values. A row that has the key of
/// another one is not: the database names the key, and alone the row may well go in.
bool IsAboutOneRow(const DatabaseError& error) {
  // Warnings, values, constraints, and what triggers say.
  static constexpr std::array<std::string_view, 5> kClasses = {"01", "22", "23", "45",
                                                               "P0"};
  static constexpr std::array<std::string_view, 2> kOtherRows = {"23505", "23P01"};
  const std::string_view state = error.sqlstate();
  if (error.native_code() == kMariadbDuplicate) return false;
  if (std::find(kOtherRows.begin(), kOtherRows.end(), state) != kOtherRows.end()) {
    return false;
  }
  return std::find(kClasses.begin(), kClasses.end(), state.substr(0, 2)) !=
         kClasses.end();
}

DatabaseError WithRow(const DatabaseError& error, int64_t row) {
  std::string message = error.what();
  if (message.ends_with(kOnlyRow)) message.resize(message.size() - kOnlyRow.size());
  return DatabaseError::WithMessage(error, Text(message, "; ", RowsOfFrame(row, 1)));
}

}  // namespace

DatabaseError NameRefusedRow(odbc::Connection& connection, const DatabaseError& error,
                             const SentRows& rows,
                             const std::function<void(int64_t, int64_t)>& send) {
  if (rows.count == 1) return WithRow(error, rows.first);
  DatabaseError whole(error, RowsOfFrame(rows.first, rows.count));
  if (!IsAboutOneRow(error)) return whole;
  const auto undo = [&] { connection.EndTransaction(false, "undo a try"); };
  const auto refusal = [&](int64_t from, int64_t count) {
    std::optional<DatabaseError> refused;
    undo();
    try {
      send(from, count);
    } catch (const DatabaseError& again) {
      // Without the rows before, there may be other reasons.
      if (again.sqlstate() != error.sqlstate()) throw;
      refused = again;
    }
    undo();
    return refused;
  };
  // The error that brought us here says more than one of the search.
  try {
    int64_t from = 0;
    int64_t count = rows.count;
    while (count > 1) {
      const int64_t half = count / 2;
      const bool is_in_half = refusal(from, half).has_value();
      if (!is_in_half) from += half;
      count = is_in_half ? half : count - half;
    }
    if (const auto alone = refusal(from, 1)) {
      return WithRow(*alone, rows.first + from);
    }
  } catch (const Error&) {
    return whole;
  }
  return whole;
}

}  // namespace aft
