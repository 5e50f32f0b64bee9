// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/dbt/dbt_console.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/project_config.h"
#include "plugin/scripts/console.h"
#include "plugin/scripts/placeholders.h"
#include "plugin/scripts/results.h"
#include "plugin/scripts/run_level_scripts.h"
#include "plugin/scripts/script_turns.h"
#include "plugin/workers/host_preparation.h"
#include "plugin/workers/script_host.h"

namespace aft {

/// What there is of a run as soon as its dbt has said hello.
struct RunningDbt {
  /// `loop` and `host` outlive this object.
  RunningDbt(EventLoop& loop, ScriptHost& host, const ProjectConfig& project,
             DbtInvocation called, std::filesystem::path folder);

  /// dbt has ended: what is left of the run-level scripts does not run, for `reason`;
  /// they have not begun where it is empty. Tells the rest on `console_of_dbt`, but not
  /// the `summary` that people have read. Gives the problems with placeholders.
  std::vector<std::string> Close(const DbtConsole& console_of_dbt,
                                 const std::string& reason, const std::string& summary);

  /// What is wrong with the scripts that have run, a sentence each, after a dbt that
  /// ended with `exit_code`.
  [[nodiscard]] std::vector<std::string> Problems(int exit_code) const;

  DbtInvocation invocation;
  std::filesystem::path target_folder;
  Console console;
  Results results;
  HostPreparation preparation;
  ScriptTurns turns;
  RunLevelScripts run_level;
  Placeholders placeholders;
};

}  // namespace aft
