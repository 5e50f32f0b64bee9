// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/dbt_run.h"

#include <utility>

#include "plugin/commands/dbt_start.h"
#include "plugin/commands/selected_run.h"

namespace aft {

std::unique_ptr<Run> StartDbt(CommandContext& context, const DbtCommand& command) {
  auto start = std::make_unique<DbtStart>(context, command);
  if (!SelectedRun::IsNeeded(*start)) return SelectedRun::StartOther(*start);
  start->Ask();
  return std::make_unique<SelectedRun>(std::move(start));
}

}  // namespace aft
