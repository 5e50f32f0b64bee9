// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugin/project/graph.h"
#include "plugin/scripts/bound_scripts.h"
#include "plugin/scripts/script_choice.h"

namespace aft {

/// How a run was called, but for what it selected.
struct Call {
  std::string command;               ///< dbt's subcommand
  std::vector<std::string> options;  ///< of its command line, as people type them
};

/// What the last run has left for `dbt retry`: run_results.json, and results.json where
/// it is of the same run.
struct PreviousRun {
  std::string document;       ///< the text of run_results.json
  std::string invocation_id;  ///< dbt's, of that run
  std::string command;        ///< dbt's subcommand; empty where nothing is known
  std::string problem;        ///< why a run that has results cannot be repeated; or empty
  /// The options of its command line that `dbt retry` takes over.
  std::vector<std::string> options;
  Call call;                      ///< to run parts of it again
  std::set<std::string> nodes;    ///< that dbt runs again: unique ids
  std::set<std::string> partial;  ///< those of which it runs the failed batches only
  /// Nodes whose scripts were part of that run.
  std::set<std::string> planned;
  bool has_run_level = false;  ///< run-level scripts were part of it
  /// Scripts that succeeded, by id, with their nodes, or "" for those of the run: in that
  /// run or, where it was a retry itself, in the one before.
  std::map<std::string, std::string> succeeded;
  std::set<std::string> written;    ///< nodes whose tables these have written
  std::set<std::string> unreached;  ///< nodes that it ended before: unique ids
  ScriptChoice choice;              ///< of that run
  bool knows_scripts = false;       ///< results.json is of that run
  /// Nodes of scripts that failed or did not run, in whichever run results.json is of.
  std::set<std::string> left;
  std::set<std::string> left_run_level;  ///< such run-level scripts, by path
  Call call_of_left;                     ///< of that run
};

/// Reads both from `folder`: the target folder, or what `dbt retry` was given as
/// `--state`. With `--warn-error`, it repeats what has warned as well (`repeats_warned`).
/// Files that are missing or of another shape leave nothing.
PreviousRun ReadPreviousRun(const std::filesystem::path& folder, bool repeats_warned);

/// What follows the kind and the package in a unique id.
std::string NameIn(const std::string& unique_id);
/// The names in several, for messages: "'a', 'b'".
std::string NamesIn(const std::vector<std::string>& unique_ids);

/// The scripts of ephemeral models, and of nodes that were not selected, that `previous`
/// has left: all that are bound to a node whose scripts were part of it, but those that
/// succeeded. dbt's own results are
/// no help: they list such models after `--fail-fast` alone, whatever became of them.
std::vector<NodeScripts> LeftScripts(const std::vector<NodeScripts>& bound,
                                     const PreviousRun& previous);

/// The scripts of tables and other nodes that dbt had not come to, and to which `dbt
/// retry` does not come, either.
std::vector<NodeScripts> ScriptsOfUnreached(const std::vector<NodeScripts>& bound,
                                            const PreviousRun& previous);

/// What people are told of scripts that failed or did not run in another run, and are not
/// repeated with `previous`; or "".
std::string ProblemOfForeign(const std::vector<NodeScripts>& bound,
                             const PreviousRun& previous);

/// What people are told where scripts are left of a run in which dbt has built nothing,
/// and of which `dbt retry` itself finds no results; or "".
std::string ProblemOfEmptyResults(const PreviousRun& previous);

/// The command that runs `nodes`, given by unique id, and all below them as a run was
/// called; for people, in quotation marks.
std::string CommandFor(const std::vector<std::string>& nodes, const Call& call);

/// The successes of `previous` that its retry does not repeat, for the results of that.
std::map<std::string, std::string> KeptSuccesses(const std::vector<NodeScripts>& bound,
                                                 const PreviousRun& previous);

/// Why `previous` cannot be repeated, or "". It is not known what became of the scripts
/// of ephemeral models that nodes to be repeated are built from; or scripts to be
/// repeated read what dbt had not come to, and does not come to now.
std::string ProblemOfRepeating(const std::vector<NodeScripts>& bound,
                               const PreviousRun& previous, const Graph& graph);

}  // namespace aft
