// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/project/script.h"
#include "plugin/scripts/console.h"
#include "plugin/scripts/results.h"
#include "plugin/scripts/script_executor.h"
#include "plugin/scripts/script_runner.h"

namespace aft {

/// Runs the scripts that an event of a node has set off, one after another up to the
/// first that fails, and tells people and the results of each; when a hook fails, the
/// hooks behind it run all the same. Turns of several nodes run side by side; where there
/// are more than may run at once, the scripts of the highest priority come first.
class ScriptTurns {
 public:
  struct Handlers {
    /// A line for people; `level` is one of dbt's: debug, info, warn, error.
    std::function<void(const std::string& line, const char* level)> print;
    /// Called once; `problem` is empty when all have succeeded. It may come before
    /// Start() has returned.
    std::function<void(const std::string& problem)> on_done;
    using OnLeft = std::function<void(std::vector<Script> scripts)>;
    /// Where it is there, takes the scripts of a turn of which none has begun when all
    /// are interrupted; then on_done is not called.
    OnLeft on_left{};  // NOLINT(readability-redundant-member-init)
  };

  /// All outlive this object. What scripts print is kept in `logs_folder`.
  ScriptTurns(EventLoop& loop, ScriptExecutor& executor, const Console& console,
              Results& results, std::filesystem::path logs_folder);

  /// At most so many scripts run at a time. With 0, turns only gather, so that those of
  /// the highest priority can be first of all.
  void AllowAtOnce(std::size_t most) {
    most_ = most;
    RunReady();
  }

  /// `node` is what those scripts are told that do not run before it.
  void Start(std::vector<Script> scripts, NodeState node, Handlers handlers);

  /// Records that `scripts` will not run, and why.
  void Skip(const std::vector<Script>& scripts, const std::string& reason,
            const Handlers& handlers);

  /// Asks all scripts to stop with SIGINT, then forces them after a grace period, or at
  /// once when called again. No further one starts.
  void Interrupt(const std::string& reason);

  /// Ends all scripts at once. No further one starts.
  void Kill(const std::string& reason);

  [[nodiscard]] bool is_interrupted() const { return runner_.is_interrupted(); }
  [[nodiscard]] bool IsIdle() const { return runner_.IsIdle() && ready_.empty(); }

  /// A line that counts the scripts of the results by their status.
  [[nodiscard]] std::string Summary() const;

  /// Removes what scripts of an earlier run have printed.
  void ClearLogs() const;

 private:
  struct Turn {
    std::deque<Script> waiting;
    NodeState node;
    Handlers handlers;
    std::string problem{};  // NOLINT(readability-redundant-member-init)
    bool has_begun = false;
  };

  void RunNext(Turn turn);
  void RunReady();
  void Run(Turn turn);
  void End(Turn turn, const Script& script, const Outcome& outcome);
  void Break(Turn& turn, const Script& failed, const std::string& message);

  const Console& console_;
  Results& results_;
  std::filesystem::path logs_folder_;
  ScriptRunner runner_;
  std::size_t most_ = std::numeric_limits<std::size_t>::max();
  std::size_t running_ = 0;
  /// Turns whose next script waits, by its negative priority, each behind those that were
  /// ready before.
  std::multimap<int, Turn> ready_;
};

}  // namespace aft
