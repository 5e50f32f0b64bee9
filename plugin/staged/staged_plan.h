// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugin/project/manifest.h"
#include "plugin/scripts/bound_scripts.h"
#include "plugin/scripts/node_state.h"
#include "plugin/scripts/previous_run.h"
#include "plugin/staged/staged_commands.h"

namespace aft {

/// What a run in stages has to do.
struct StagedPlan {
  std::set<std::string> selected;  ///< nodes that the subcommand works on: unique ids
  BoundScripts bound;              ///< to these nodes, and to others
  /// Scripts that a retry leaves alone, by id, with their nodes.
  std::map<std::string, std::string> kept_successes;
  /// That a retry leaves out scripts of another run that failed or did not run; or "".
  std::string problem_of_foreign;

  /// Whether a script is bound to a selected node, or runs without its node.
  [[nodiscard]] bool HasScripts() const;
};

/// The plan for what `dbt ls` has `listed` or, where there is one, for what `dbt retry`
/// repeats of the `previous` run. Problems and notices of its own are among those of the
/// scripts.
StagedPlan MakeStagedPlan(const StagedCommands& commands, const Manifest& manifest,
                          const std::set<std::string>& listed, BoundScripts bound,
                          const PreviousRun* previous);

/// What dbt's `run_results` say of the nodes of `bound` whose scripts run without them:
/// no status where they do not have the node.
std::map<std::string, NodeState> LastStates(const std::vector<NodeScripts>& bound,
                                            const std::filesystem::path& run_results);

}  // namespace aft
