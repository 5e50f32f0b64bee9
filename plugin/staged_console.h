// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/dbt_log.h"

namespace aft {

/// How many nodes of a run ended how, as dbt counts them at its end.
struct NodeCounts {
  int passed = 0;
  int warned = 0;
  int failed = 0;
  int skipped = 0;
  int partial = 0;  ///< microbatch models of which some batches failed
  int without_work = 0;
};

/// What people read of a run in stages: the lines of several dbt processes as one of them
/// would have printed them.
///
/// Each stage's preamble and closing lines are left out, nodes are numbered through, and
/// errors are told once more at the end. Lines of unknown shape are passed on.
class StagedConsole {
 public:
  enum class Format { kText, kJson };
  using Write = std::function<void(const std::string& text)>;

  struct Options {
    Format format = Format::kText;
    bool use_colors = false;
    int width = 80;  ///< the column at which a line's dots end
    bool shows_errors_only = false;
    bool shows_debug = false;
  };

  StagedConsole(const Options& options, Write write);

  /// A line of `dbt ls`; kept until it is known whether there will be stages.
  void TakeListing(const std::string& line);
  void PrintListing();

  /// `total` nodes run in all stages, and `done` of them are through.
  void BeginStage(std::size_t done, std::size_t total);
  void TakeLine(const std::string& raw);

  /// A line of ours.
  void Print(const std::string& text, const char* level = "info");

  /// The line of node number `number` that no dbt process is given any more.
  void PrintSkipped(std::size_t number, std::size_t total, const std::string& what);

  /// Tells of an error again at the end.
  void Remember(const std::string& text);

  /// The closing lines; `what` says what has run: "3 table models, 1 test".
  void Finish(const std::string& what, std::chrono::milliseconds elapsed,
              const NodeCounts& counts);

  /// The threads that dbt said it uses; 0 before it has.
  [[nodiscard]] int threads() const { return threads_; }

 private:
  enum class Part { kPreamble, kNodes, kClosing };

  void Show(const std::string& raw, const DbtLogLine& line);
  void ShowText(const DbtLogLine& line);
  void TakePreamble(const std::string& raw, const DbtLogLine& line);
  void TakeClosing(const std::string& raw, const DbtLogLine& line);
  [[nodiscard]] std::string Numbered(const DbtLogLine& line) const;
  [[nodiscard]] std::string Colored(const std::string& text, const char* color) const;

  Options options_;
  Write write_;
  std::vector<std::string> listing_;
  std::set<std::string> warned_;
  std::vector<std::string> errors_;
  Part part_ = Part::kPreamble;
  bool is_first_stage_ = true;
  bool counts_noops_ = false;
  std::size_t done_ = 0;
  std::size_t total_ = 0;
  int threads_ = 0;
};

}  // namespace aft
