// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "plugin/project/script.h"
#include "plugin/scripts/bound_scripts.h"
#include "plugin/scripts/previous_run.h"
#include "plugin/scripts/script_turns.h"

namespace aft {

/// What schema files declare of run-level scripts.
struct RunLevelBindings {
  std::vector<ScriptBinding> scripts{};  // NOLINT(readability-redundant-member-init)
  /// What is wrong with them, where they may be no part of the run.
  std::vector<std::string> problems{};  // NOLINT(readability-redundant-member-init)
  /// Whether the user wants them; a retry repeats them in any case.
  bool are_wanted = true;
};

/// The scripts of a run as a whole: before its first node, and after its last. Those
/// after it run whatever became of the nodes, but not where one before the run failed.
class RunLevelScripts {
 public:
  /// `turns` outlive this object.
  explicit RunLevelScripts(ScriptTurns& turns) : turns_(turns) {}

  void Expect(RunLevelBindings bindings) { bindings_ = std::move(bindings); }

  /// For `dbt retry` of this run: leaves out those that succeeded in it, but those after
  /// a run in which anything failed; or all if they were no part of it and are not wanted
  /// now.
  void Repeat(const PreviousRun& previous);

  /// Finds the files, limits and environments of these. The environments and what is
  /// wrong are added to `bound`, the scripts of the run's nodes.
  void Bind(const ProjectConfig& project, const DbtInvocation& invocation,
            const ProjectEnvironments& environments, BoundScripts& bound);

  [[nodiscard]] bool empty() const { return before_.empty() && after_.empty(); }

  /// Each runs its scripts once, up to the first that fails.
  void RunBefore(ScriptTurns::Handlers handlers);
  void RunAfter(const ScriptTurns::Handlers& handlers);

  /// What has not run will not.
  void Skip(const std::string& reason, const ScriptTurns::Handlers& handlers);

 private:
  ScriptTurns& turns_;
  RunLevelBindings bindings_;
  std::map<std::string, std::string> succeeded_;  ///< in the run that is repeated, by id
  bool was_whole_ = true;                         ///< nothing failed in it
  std::vector<Script> before_;
  std::vector<Script> after_;
};

}  // namespace aft
