// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/dbt/dbt_console.h"
#include "plugin/dbt/dbt_log.h"
#include "plugin/dbt/node_counts.h"

namespace aft {

/// What people read of a run in stages: the lines of several dbt processes as one of them
/// would have printed them.
///
/// Each stage's preamble and closing lines are left out, nodes are numbered through, and
/// what dbt says of errors at its end is said at the end of the run.
class StagedConsole {
 public:
  /// What the closing lines say.
  struct Ending {
    std::string what;  ///< has run: "3 table models, 1 data test"
    std::chrono::milliseconds elapsed{0};
    NodeCounts counts;
    int unlisted = 0;  ///< errors that dbt has no entry for
    bool is_interrupted = false;
    std::string scripts;  ///< a line about them
  };

  StagedConsole(DbtConsole::Options options, DbtConsole::Write write);

  /// A line of `dbt ls`; kept until it is known whether there will be stages.
  void TakeListing(const std::string& line);
  void PrintListing();

  /// `total` nodes run in all stages, and `done` of them are through.
  void BeginStage(std::size_t done, std::size_t total);
  void TakeLine(const std::string& raw);

  /// A line of ours.
  void Print(const std::string& text, const char* level = "info") {
    console_.Print(text, level);
  }

  /// The line of node number `number` that no dbt process is given any more; `status` is
  /// ERROR or SKIP.
  void PrintUnbuilt(std::size_t number, std::size_t total, const std::string& what,
                    const std::string& status);

  /// Tells at the end of a failure, for which dbt has no words.
  void Remember(const std::string& what, const std::string& message);

  void Finish(const Ending& ending);

 private:
  enum class Part { kPreamble, kNodes, kClosing };

  struct Line {
    std::string raw;
    DbtLogLine parsed;
  };

  void Show(const std::string& raw, const DbtLogLine& line);
  void ShowOnce(const std::string& raw, const DbtLogLine& line);
  void TakePreamble(const std::string& raw, const DbtLogLine& line);
  void TakeClosing(const std::string& raw, const DbtLogLine& line);
  void Summarize(const Ending& ending);
  void ShowDetails();
  [[nodiscard]] std::string Renumbered(const std::string& raw,
                                       const DbtLogLine& line) const;
  [[nodiscard]] std::string Numbered(const DbtLogLine& line) const;
  DbtConsole console_;
  std::vector<std::string> listing_;
  std::set<std::string> shown_;   ///< what is not said a second time
  std::vector<Line> details_;     ///< of errors and warnings
  std::vector<Line> last_words_;  ///< that dbt says after all others
  Part part_ = Part::kPreamble;
  bool is_first_stage_ = true;
  bool counts_noops_ = false;
  bool counts_partial_ = false;
  std::size_t done_ = 0;
  std::size_t total_ = 0;
};

}  // namespace aft
