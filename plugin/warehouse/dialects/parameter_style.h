// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace aft {

/// What an execution of an INSERT takes at most.
struct InsertLimits {
  int64_t rows = 1;
  /// Of all its values; 0 where the database has no such limit.
  size_t bytes = 0;
};

/// How a driver wants the values of an INSERT's parameters.
struct ParameterStyle {
  /// Booleans go as bits, and else as integers.
  bool has_bits = true;
  /// Dates, times and timestamps have types of their own, and else go as text.
  bool has_dates = true;
  bool has_times = true;
  bool has_timestamps = true;
  /// The text of an instant says that it is in UTC.
  bool says_zone = true;
  /// The driver, if it counts rows, says of each INSERT how many the database has taken.
  bool tells_count = false;
  /// What the statement begins with, up to the table's name.
  std::string_view insert_into = "INSERT INTO ";
};

}  // namespace aft
