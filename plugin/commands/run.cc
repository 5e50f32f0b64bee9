// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "plugin/commands/command.h"
#include "plugin/commands/dbt_start.h"
#include "plugin/commands/fal_options.h"
#include "plugin/commands/help.h"
#include "plugin/commands/scripts_run.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/run/text_run.h"

namespace aft {

extern const Command kRun;

namespace {

constexpr CommandArgument kAll = {
    "--all", "", "Run the scripts of all nodes, whatever the last dbt run did."};
constexpr CommandArgument kBefore = {
    "--before", "",
    "Run before-scripts and pre-hooks, instead of post-hooks and after-scripts."};
constexpr CommandArgument kScripts = {
    "--scripts", "PATH...",
    "Run only these of the scripts: the names of their files, or the ends of their "
    "paths."};
constexpr CommandArgument kScript = {"--script", "PATH...", "The same as --scripts."};
constexpr auto kOptions = WithFalOptions(
    std::to_array({kAll, kBefore, kScripts, kScript, kGlobalsOption, kDbtOption}));

ScriptsRequest RequestIn(const CommandWords& words) {
  ScriptsRequest request{
      words.options.contains(kBefore.name), words.options.contains(kAll.name), {}};
  for (const CommandArgument& option : {kScripts, kScript})
    if (const auto given = words.options.find(option.name); given != words.options.end())
      request.names.insert(request.names.end(), given->second.begin(),
                           given->second.end());
  return request;
}

std::unique_ptr<Run> Start(CommandContext& context, const CommandWords& words) {
  if (std::any_of(words.words.begin(), words.words.end(), IsHelp))
    return std::make_unique<TextRun>(HelpOf(kRun.usage), context.output().write_output,
                                     0);
  DbtCommand command = DbtCommandOf(words);
  command.arguments.insert(command.arguments.begin(), "run");
  AddFalOptions(words, command.arguments);
  command.runs_nodes = true;
  command.takes_default_selector = false;
  const ScriptsRequest request = RequestIn(words);
  const bool are_left_out = !words.options.contains(kGlobalsOption.name) &&
                            (!request.names.empty() ||
                             ScriptsRun::HasSelection(DbtArguments(command.arguments)));
  command.run_level.clear();
  if (!are_left_out)
    command.run_level.insert(request.is_before ? When::kBefore : When::kAfter);
  auto start = std::make_unique<DbtStart>(context, std::move(command));
  start->Ask();
  return std::make_unique<ScriptsRun>(std::move(start), request);
}

}  // namespace

const Command kRun = {
    {"run",
     "Run scripts without dbt: by default the after-scripts and post-hooks of the nodes "
     "that the last dbt run came to.",
     {},
     kOptions,
     {"DBT_OPTIONS", "",
      "Options of 'dbt run': '--select', '--exclude', '--selector', '--threads', "
      "'--target', '--vars', '--state' and the like."}},
    Start};

}  // namespace aft
