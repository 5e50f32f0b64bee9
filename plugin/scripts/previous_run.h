// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "plugin/project/graph.h"
#include "plugin/scripts/bound_scripts.h"

namespace aft {

/// What the last run has left for `dbt retry`: run_results.json, and results.json where
/// it is of the same run.
struct PreviousRun {
  std::string document;       ///< the text of run_results.json
  std::string invocation_id;  ///< dbt's, of that run
  std::string command;        ///< dbt's subcommand; empty where nothing is known
  /// The options of its command line that `dbt retry` takes over.
  std::vector<std::string> options;
  std::set<std::string> nodes;       ///< that dbt runs again: unique ids
  std::set<std::string> partial;     ///< those of which it runs the failed batches only
  std::set<std::string> failed;      ///< scripts that failed or did not run: their ids
  bool knows_scripts = false;        ///< results.json is of that run
  bool has_foreign_scripts = false;  ///< failed or not run in another one, as it says
};

/// Reads both from `folder`: the target folder, or what `dbt retry` was given as
/// `--state`. With `--warn-error`, it repeats what has warned as well (`repeats_warned`).
/// Files that are missing or of another shape leave nothing.
PreviousRun ReadPreviousRun(const std::filesystem::path& folder, bool repeats_warned);

/// What people are told where scripts are not repeated, for `has_foreign_scripts`.
extern const char* const kForeignScripts;

/// The scripts of ephemeral models that `previous` has left: those that failed or did not
/// run. Such models have an entry of dbt's after `--fail-fast` alone, whatever became of
/// them.
std::vector<NodeScripts> LeftScripts(const std::vector<NodeScripts>& bound,
                                     const PreviousRun& previous);

/// Why `previous` cannot be repeated: it is not known what became of the scripts of
/// ephemeral models that nodes to be repeated are built from. Empty where it is.
std::string UnknownScripts(const std::vector<NodeScripts>& bound,
                           const PreviousRun& previous, const Graph& graph);

}  // namespace aft
