// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/running_dbt.h"

#include <utility>

namespace aft {

RunningDbt::RunningDbt(EventLoop& loop, ScriptHost& host, const ProjectConfig& project,
                       DbtInvocation called, std::filesystem::path folder)
    : invocation(std::move(called)),
      target_folder(std::move(folder)),
      console(invocation.printer_width, invocation.use_colors),
      results(loop, target_folder,
              {invocation.dbt_version, invocation.command, invocation.id}),
      preparation(host, project, invocation, target_folder),
      turns(loop, host, console, results, target_folder / "aft" / "logs"),
      placeholders(results, target_folder) {}

}  // namespace aft
