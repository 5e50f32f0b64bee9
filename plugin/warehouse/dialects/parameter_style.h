// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace aft {

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
  /// What the statement begins with, up to the table's name.
  std::string_view insert_into = "INSERT INTO ";
};

}  // namespace aft
