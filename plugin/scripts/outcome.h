// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace aft {

/// How a script ended and what it did till then.
struct Outcome {
  bool succeeded = false;
  std::string message;     ///< one line; empty after success
  std::string traceback;   ///< of the user's own code; may be empty
  std::string place;       ///< file and line of the user's that it was in; may be empty
  bool is_killed = false;  ///< by a signal
  bool is_out_of_memory = false;
  int tries = 1;
  bool may_repeat = true;  ///< false where a further run could add the same rows again

  bool has_written = false;            ///< the table of its own model
  bool can_write = true;               ///< its text may do that
  std::optional<bool> is_table_there;  ///< of its own model; where it was looked for

  double seconds_reading = 0;
  double seconds_computing = 0;
  double seconds_writing = 0;
  std::int64_t rows_read = 0;
  std::int64_t rows_written = 0;
  std::int64_t bytes_read = 0;
  std::int64_t bytes_written = 0;
  std::int64_t peak_memory =
      0;  ///< bytes; what is shared with the host is in it without cgroups
};

}  // namespace aft
