// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/command.h"
#include "plugin/commands/dbt_run.h"
#include "plugin/commands/fal_options.h"
#include "plugin/dbt/dbt_command.h"

namespace aft {
namespace {

constexpr auto kRun = std::to_array<std::string_view>({"run"});
constexpr auto kWords = std::to_array<CommandArgument>(
    {{"run", "", "The only command of fal's that there is.", kRun}});
constexpr auto kOptions =
    WithFalOptions(std::to_array({kDbtOption, kModeOption, kGlobalsOption}));

std::unique_ptr<Run> Start(CommandContext& context, const CommandWords& words) {
  DbtCommand command = DbtCommandOf(words);
  command.is_flow = true;
  AddFalOptions(words, command.arguments);
  std::erase(command.arguments, "--experimental-flow");
  return StartDbt(context, command);
}

}  // namespace

extern const Command kFlow;
const Command kFlow = {
    {"flow",
     "'aft flow run' is 'aft dbt run' for projects that come from fal.",
     kWords,
     kOptions,
     {"OPTIONS", "", "Any options of 'dbt run'."}},
    Start};

}  // namespace aft
