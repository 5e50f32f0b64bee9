// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_command.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "plugin/dbt/dbt_arguments.h"

namespace aft {
namespace {

DbtMode ModeOf(const std::string& name) {
  if (name == "live") return DbtMode::kLive;
  return name == "staged" ? DbtMode::kStaged : DbtMode::kAuto;
}

}  // namespace

bool RunsNodes(const std::string& name) {
  constexpr std::array<std::string_view, 5> kNames = {"run", "build", "seed", "snapshot",
                                                      "retry"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool ListsNodes(const std::string& name) { return name == "ls" || name == "list"; }

bool ChecksSources(const std::string& name) {
  return name == "freshness" || name == "snapshot-freshness";
}

DbtCommand DbtCommandOf(const CommandWords& words) {
  DbtCommand command;
  command.arguments = words.words;
  command.dbt = words.Value("--aft-dbt");
  command.mode = ModeOf(words.Value("--aft-mode"));
  const auto& arguments = command.arguments;
  if (std::any_of(arguments.begin(), arguments.end(), IsHelp)) return command;
  command.runs_nodes = std::any_of(arguments.begin(), arguments.end(), RunsNodes);
  command.lists_nodes = ListsNodes(DbtArguments(arguments).command());
  command.checks_sources = std::any_of(arguments.begin(), arguments.end(), ChecksSources);
  if (command.runs_nodes && words.options.contains(kGlobalsOption.name))
    command.run_level = {When::kBefore, When::kAfter};
  return command;
}

}  // namespace aft
