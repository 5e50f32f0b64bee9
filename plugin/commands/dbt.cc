// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/command.h"
#include "plugin/commands/dbt_run.h"
#include "plugin/dbt/dbt_arguments.h"
#include "plugin/dbt/dbt_command.h"

namespace aft {
namespace {

constexpr auto kOptions =
    std::to_array<CommandArgument>({kDbtOption, kModeOption, kGlobalsOption});

std::unique_ptr<Run> Start(CommandContext& context, const CommandWords& words) {
  return StartDbt(context, DbtCommandOf(words));
}

}  // namespace

extern const Command kDbt;
const Command kDbt = {
    {"dbt",
     "Start dbt and run the scripts that are bound to the nodes it runs, as in 'aft dbt "
     "run --select +orders'.",
     {},
     kOptions,
     {"ARGUMENTS", "", "Any command of dbt with its options.", kDbtCommands}},
    Start};

}  // namespace aft
