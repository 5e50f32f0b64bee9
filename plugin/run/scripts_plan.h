// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "plugin/project/graph.h"
#include "plugin/project/project_config.h"
#include "plugin/scripts/bound_scripts.h"

namespace aft {

/// What a run of scripts without dbt is asked for, beside a selection.
struct ScriptsRequest {
  bool is_before = false;          ///< before-scripts and pre-hooks, not the others
  bool takes_all = false;          ///< of all nodes, whatever the last run did
  std::vector<std::string> names;  ///< of `--scripts`: only scripts of these names
};

/// What a selection means for such a run.
struct SelectedScripts {
  std::set<std::string> nodes;    ///< whose hooks run: unique ids
  std::set<std::string> scripts;  ///< that may run, by id
  std::set<std::string> typed;    ///< those of them that it names: whenever they run
};

/// All that is bound to `nodes`.
SelectedScripts ScriptsOf(const std::set<std::string>& nodes,
                          const std::vector<NodeScripts>& bound);

/// The nodes that dbt's last run came to, as its run_results.json says: those that it did
/// not skip, and those of which it ran a test. dbt has no results of ephemeral models,
/// but aft's own, `of_scripts`, tell of their scripts where they are of the same run.
std::set<std::string> NodesOfLastRun(const boost::json::value& run_results,
                                     const boost::json::value& of_scripts,
                                     const Graph& graph);

/// The ids of the scripts and hooks of `bound` that run.
std::set<std::string> ScriptsToRun(const std::vector<NodeScripts>& bound,
                                   const ScriptsRequest& request,
                                   const SelectedScripts& selected,
                                   const ProjectConfig& project);

/// Those of the names in `request` that are not the name of any script of `bound`.
std::vector<std::string> UnboundNames(const std::vector<NodeScripts>& bound,
                                      const ScriptsRequest& request,
                                      const ProjectConfig& project);

}  // namespace aft
