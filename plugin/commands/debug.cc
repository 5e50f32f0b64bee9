// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <utility>

#include "host_shim/error.h"
#include "plugin/commands/called_dbt.h"
#include "plugin/commands/command.h"
#include "plugin/commands/rendered_project.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/project_config.h"
#include "plugin/run/plain_run.h"
#include "plugin/workers/host_preparation.h"

namespace aft {
namespace {

constexpr auto kOptions = std::to_array<CommandArgument>({
    kDbtOption,
    {"--project-dir", "FOLDER", "As for dbt."},
    {"--profiles-dir", "FOLDER", "As for dbt."},
    {"--profile", "NAME", "As for dbt."},
    {"--target", "NAME", "As for dbt.", {}, "-t"},
    {"--target-path", "FOLDER", "As for dbt."},
    {"--vars", "YAML", "As for dbt."},
});

/// What aft.debug is told, as an entry of its environment.
std::string DebugMessage(const CalledDbt& dbt, const ProjectConfig& project,
                         const HostSetup& setup) {
  namespace json = boost::json;
  json::object told = {{"dbt", dbt.path().native()},
                       {"dbt_problem", dbt.AgeProblem()},
                       {"in_stages_for", dbt.ability().reason},
                       {"setup", DescribedSetup(setup)}};
  json::array environments;
  try {
    for (const auto& [name, environment] : ReadEnvironments(setup.project_folder))
      if (!environment.type.empty())
        environments.push_back({{"name", name},
                                {"type", environment.type},
                                {"packages", json::value_from(environment.packages)}});
  } catch (const Error& error) {
    told["problem"] = error.what();
  }
  if (!project.problems.empty()) told["problem"] = project.problems.front();
  told["environments"] = environments;
  return "AFT_DEBUG=" + json::serialize(told);
}

HostSetup SetupOf(const CalledDbt& dbt, const ProjectConfig& project) {
  const DbtInvocation invocation =
      InvocationOf(dbt.Arguments(), dbt.ability().python, project);
  return SetupFor(project, invocation, TargetFolder(project, invocation.target_folder));
}

/// The options of dbt's that were given, as words for dbt.
std::vector<std::string> DbtWords(const CommandWords& words) {
  std::vector<std::string> dbt_words;
  for (const auto& [option, values] : words.options) {
    if (option == kDbtOption.name) continue;
    dbt_words.push_back(option);
    dbt_words.push_back(values.back());
  }
  return dbt_words;
}

std::unique_ptr<Run> Start(CommandContext& context, const CommandWords& words) {
  CalledDbt dbt(context, words.Value(kDbtOption.name), DbtWords(words));
  const DbtAbility& ability = dbt.Ask();
  if (ability.python.empty())
    throw Error(Text("cannot tell which Python runs '", dbt.path().native(),
                     "': ", ability.reason, "; name another dbt with '--aft-dbt PATH'"));
  const ProjectConfig project = RenderedProject(dbt, context);
  HostSetup setup = SetupOf(dbt, project);
  setup.run_folder = context.run_folder();
  Process process;
  process.argv = {context.installation().launcher, "--python", ability.python, "--run",
                  "aft.debug"};
  process.environment = {DebugMessage(dbt, project, setup)};
  return std::make_unique<PlainRun>(std::move(process), context.output());
}

}  // namespace

extern const Command kDebug;
const Command kDebug = {
    {"debug",
     "Check dbt, Python, the environments, the connection and the rights of this "
     "project, and say how scripts will run.",
     {},
     kOptions},
    Start};

}  // namespace aft
