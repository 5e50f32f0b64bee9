// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "plugin/base/event_loop.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/project_config.h"
#include "plugin/scripts/console.h"
#include "plugin/scripts/placeholders.h"
#include "plugin/scripts/results.h"
#include "plugin/scripts/script_turns.h"
#include "plugin/workers/host_preparation.h"
#include "plugin/workers/script_host.h"

namespace aft {

/// What there is of a run as soon as its dbt has said hello.
struct RunningDbt {
  /// `loop` and `host` outlive this object.
  RunningDbt(EventLoop& loop, ScriptHost& host, const ProjectConfig& project,
             DbtInvocation called, std::filesystem::path folder);

  DbtInvocation invocation;
  std::filesystem::path target_folder;
  Console console;
  Results results;
  HostPreparation preparation;
  ScriptTurns turns;
  Placeholders placeholders;
};

}  // namespace aft
