// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "plugin/project/script.h"
#include "plugin/scripts/outcome.h"

namespace aft {

/// What people read about scripts, in the shape of dbt's own lines. Makes texts only;
/// dbt's logger prints them and puts the time in front.
class Console {
 public:
  /// `width` is dbt's printer_width: the column at which a line's dots end.
  Console(int width, bool use_colors) : width_(width), use_colors_(use_colors) {}

  [[nodiscard]] std::string Started(const Script& script) const;

  /// One line for a success; a failure's line is followed by its message and traceback.
  [[nodiscard]] std::string Ended(const Script& script, const Outcome& outcome,
                                  double seconds) const;

  /// A try that failed, with its message, and that another one follows after `delay`.
  [[nodiscard]] std::string Retrying(const Script& script, const Outcome& outcome,
                                     std::chrono::milliseconds delay) const;

  [[nodiscard]] std::string Skipped(const Script& script) const;

  /// A line that the script wrote, with the script's name before it.
  [[nodiscard]] static std::string Output(const Script& script, std::string_view line);

  struct Counts {
    int succeeded = 0;
    int failed = 0;
    int skipped = 0;
    bool include_hooks = false;
  };

  /// "Scripts: PASS=2 ERROR=0 SKIP=1 TOTAL=3"
  [[nodiscard]] static std::string Summary(const Counts& counts);

 private:
  [[nodiscard]] std::string Line(std::string_view what, const Script& script,
                                 const std::string& status, const char* color,
                                 const std::string& time) const;

  int width_;
  bool use_colors_;
};

/// `text` as valid UTF-8 without control characters other than tab and line end: what is
/// neither becomes \xNN, so that no script can drive the terminal.
std::string Printable(std::string_view text);

}  // namespace aft
