// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace aft {

/// How dbt is followed.
enum class DbtMode {
  kAuto,    ///< live where that dbt can, else staged
  kLive,    ///< from inside one dbt process
  kStaged,  ///< in stages, by any dbt
};

/// What the user typed after `aft`, as a command for dbt, or for aft about dbt.
struct DbtCommand {
  bool is_debug = false;               ///< `aft debug`: looks at all, starts no dbt
  bool is_flow = false;                ///< `aft flow run`, as fal called it
  std::vector<std::string> arguments;  ///< for dbt, or debug, unchanged and in order
  std::string dbt;                     ///< of --aft-dbt; empty without
  DbtMode mode = DbtMode::kAuto;       ///< of --aft-mode
  /// Whether run, build, seed, snapshot or retry is among the words: scripts may run.
  bool runs_nodes = false;
  bool checks_sources = false;  ///< whether `freshness` is among the words
};

/// Reads `arguments`, the words after the program's name: `dbt …`, `flow run …` or
/// `debug …`.
///
/// Options that begin with `--aft-` are for this program, all others for dbt. Throws
/// Error for other commands and for options of ours that don't exist.
DbtCommand ParseDbtCommand(const std::vector<std::string>& arguments);

/// Whether scripts of models, seeds and snapshots run under dbt's subcommand `name`.
bool RunsNodes(const std::string& name);

/// Whether scripts of sources run under dbt's subcommand `name`: `source freshness`.
bool ChecksSources(const std::string& name);

}  // namespace aft
