// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/scripts/console.h"
#include "plugin/scripts/results.h"
#include "plugin/scripts/schedule.h"
#include "plugin/scripts/script_executor.h"
#include "plugin/scripts/script_runner.h"

namespace aft {

/// Runs the scripts that an event of a node has set off, one after another up to the
/// first that fails, and tells people and the results of each. Turns of several nodes run
/// side by side.
class ScriptTurns {
 public:
  struct Handlers {
    /// A line for people; `level` is one of dbt's: debug, info, warn, error.
    std::function<void(const std::string& line, const char* level)> print;
    /// Called once; `problem` is empty when all have succeeded. It may come before
    /// Start() has returned.
    std::function<void(const std::string& problem)> on_done;
  };

  /// What scripts are told of their node's status.
  struct NodeStatus {
    std::string before;  ///< those that run before the node
    std::string after = "success";
  };

  /// All outlive this object. What scripts print is kept in `logs_folder`.
  ScriptTurns(EventLoop& loop, ScriptExecutor& executor, const Console& console,
              Results& results, std::filesystem::path logs_folder);

  void Start(std::vector<Script> scripts, const NodeStatus& node_status,
             Handlers handlers);

  /// Records that `scripts` will not run, and why.
  void Skip(const std::vector<Script>& scripts, const std::string& reason,
            const Handlers& handlers);

  /// Asks all scripts to stop with SIGINT, then forces them after a grace period, or at
  /// once when called again. No further one starts.
  void Interrupt(const std::string& reason) { runner_.Interrupt(reason); }

  /// Ends all scripts at once. No further one starts.
  void Kill(const std::string& reason) { runner_.Kill(reason); }

  [[nodiscard]] bool is_interrupted() const { return runner_.is_interrupted(); }
  [[nodiscard]] bool IsIdle() const { return runner_.IsIdle(); }

  /// A line that counts the scripts of the results by their status.
  [[nodiscard]] std::string Summary() const;

  /// Removes what scripts of an earlier run have printed.
  void ClearLogs() const;

 private:
  struct Turn;

  void RunNext(Turn turn);
  void End(Turn turn, const Script& script, const Outcome& outcome);

  const Console& console_;
  Results& results_;
  std::filesystem::path logs_folder_;
  ScriptRunner runner_;
};

}  // namespace aft
