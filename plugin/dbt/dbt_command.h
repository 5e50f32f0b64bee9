// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "host_shim/command_usage.h"
#include "plugin/project/script_binding.h"

namespace aft {

/// How dbt is followed.
enum class DbtMode {
  kAuto,    ///< live where that dbt can, else staged
  kLive,    ///< from inside one dbt process
  kStaged,  ///< in stages, by any dbt
};

/// A command for dbt.
struct DbtCommand {
  bool is_flow = false;                ///< `aft flow run`, as fal called it
  std::vector<std::string> arguments;  ///< for dbt, unchanged and in order
  std::string dbt;                     ///< of --aft-dbt; empty without
  DbtMode mode = DbtMode::kAuto;       ///< of --aft-mode
  /// Whether run, build, seed, snapshot or retry is among the words: scripts may run.
  bool runs_nodes = false;
  bool lists_nodes = false;     ///< whether it is `ls` or `list`
  bool checks_sources = false;  ///< whether `freshness` is among the words
  /// Whether it is dbt's default selector that counts where nothing is selected.
  bool takes_default_selector = true;
  std::set<When> run_level;  ///< which of the run-level scripts run
};

/// Has run-level scripts run where a selection would leave them out.
inline constexpr CommandArgument kGlobalsOption = {
    "--globals", "",
    "Run the run-level scripts as well: those under 'fal: scripts:' or "
    "'aft: scripts:' at the top of a schema file."};

/// What `words` ask of dbt.
DbtCommand DbtCommandOf(const CommandWords& words);

/// Whether scripts of models, seeds and snapshots run under dbt's subcommand `name`.
bool RunsNodes(const std::string& name);

/// Whether dbt's subcommand `name` lists what is selected.
bool ListsNodes(const std::string& name);

/// Whether scripts of sources run under dbt's subcommand `name`: `source freshness`.
bool ChecksSources(const std::string& name);

}  // namespace aft
