// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/look_ahead.h"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <optional>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/commands/python_models.h"
#include "plugin/commands/rendered_project.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/dbtignore.h"
#include "plugin/project/environment.h"
#include "plugin/project/expected_files.h"
#include "plugin/scripts/previous_run.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

void PassOverScripts(const ExpectedScripts& found, const ProjectConfig& project,
                     const std::set<std::string>& scripts_paths,
                     const std::vector<std::string>& models, const RunOutput& output) {
  std::vector<std::string> scripts = found.of_ignored;
  for (const auto* of_kind : {&found.of_nodes, &found.of_runs})
    for (const ExpectedScript& script : *of_kind) scripts.push_back(script.path);
  std::vector<std::string> paths = models;
  for (const std::string& script : scripts)
    for (const std::string& folder : scripts_paths)
      paths.push_back(fs::path(folder) / script);
  const std::vector<std::string> added = UpdateDbtignore(project, paths);
  if (added.empty()) return;
  std::string text =
      "aft: added to .dbtignore, so that dbt does not take them for models:";
  for (const std::string& file : added) text += " " + file;
  output.write_error(text + "\n");
}

/// Where `dbt retry` finds the results of the run that it repeats.
fs::path FolderToRepeat(const DbtArguments& arguments, const ProjectConfig& project) {
  const std::string state = arguments.Setting("state");
  return TargetFolder(project, state.empty() ? arguments.Setting("target-path") : state);
}

/// The value of `--vars`; under `dbt retry` that of the run it repeats, unless it is
/// given anew. (dbt-core, task/retry.py)
std::string GivenVariables(const DbtArguments& arguments, const ProjectConfig& project) {
  std::string given = arguments.Value("--vars");
  if (!given.empty() || arguments.command() != "retry") return given;
  const json::value results =
      ReadJsonFileOrNull(FolderToRepeat(arguments, project) / "run_results.json");
  const json::value* variables = ValueAt(results, {"args", "vars"});
  if (variables == nullptr) return "";
  return variables->is_string() ? std::string(variables->as_string())
                                : json::serialize(*variables);
}

/// The files of Python models, once their placeholders are up to date. What is wrong with
/// them stops commands that run scripts; the others do without.
std::vector<std::string> ModelsIn(CalledDbt& dbt, ProjectConfig& project,
                                  bool runs_scripts, CommandContext& context) {
  if (const auto given =
          CommandLineTexts(GivenVariables(dbt.Arguments(), project), "fal-models-paths"))
    project.python_model_paths = {given->begin(), given->end()};
  if (!MayHavePythonModels(project)) return {};
  if (!dbt.named_python()) dbt.Ask();
  PythonModels models = UpdatePythonModels(project, dbt.PythonForScripts(),
                                           context.installation().package_folder);
  if (runs_scripts) Refuse(models.problems, context.output());
  for (const auto* texts : {&models.problems, &models.warnings})
    for (const std::string& text : *texts)
      context.output().write_error(Text("aft: warning: ", text, "\n"));
  return std::move(models.files);
}

/// Takes over the run-level scripts that the command may run, and says so of others. A
/// retry repeats those of the run before without being told to.
void TakeRunLevel(const ExpectedScripts& found, const DbtCommand& command,
                  const DbtArguments& arguments, ExpectedRun& expected,
                  const RunOutput& output) {
  expected.run_level.are_wanted = !command.run_level.empty();
  const bool is_retry = arguments.command() == "retry";
  if (is_retry && !expected.run_level.are_wanted &&
      !ReadPreviousRun(FolderToRepeat(arguments, expected.project), false).has_run_level)
    return;
  if (!expected.run_level.are_wanted && !is_retry) {
    if (!found.of_runs.empty() && command.runs_nodes)
      output.write_error(Text("aft: ", found.of_runs.front().place,
                              ": run-level scripts run only with '--globals'\n"));
    return;
  }
  if (is_retry)
    expected.run_level.problems = found.run_problems;
  else
    Refuse(found.run_problems, output);
  std::vector<ScriptBinding>& scripts = expected.run_level.scripts;
  for (const ScriptBinding& binding : found.run_bindings)
    if (is_retry || command.run_level.contains(binding.when)) scripts.push_back(binding);
  if (scripts.empty()) return;
  expected.scripts.insert(expected.scripts.end(), found.of_runs.begin(),
                          found.of_runs.end());
}

/// Whether scripts may be bound where only dbt's manifest tells.
bool MayBindUnseen(const ExpectedRun& expected) {
  return expected.may_bind_more || !expected.project.packages.empty() ||
         MayBindInSql(expected.project);
}

}  // namespace

void Refuse(const std::vector<std::string>& problems, const RunOutput& output) {
  if (problems.empty()) return;
  // All together may be too long for an error.
  for (std::size_t i = 0; i + 1 < problems.size(); ++i)
    output.write_error(Text("aft: ", problems[i], "\n"));
  throw Error(problems.back());
}

bool ExpectedRun::MayBind() const { return !scripts.empty() || MayBindUnseen(*this); }

bool ExpectedRun::MayBindToNodes() const {
  return binds_to_nodes || MayBindUnseen(*this);
}

std::set<std::string> ExpectedRun::Environments() const {
  std::set<std::string> environments;
  for (const ExpectedScript& script : scripts) environments.insert(script.environment);
  return environments;
}

ExpectedRun LookAhead(CalledDbt& dbt, const DbtCommand& command,
                      CommandContext& context) {
  const RunOutput& output = context.output();
  ExpectedRun expected;
  ProjectConfig& project = expected.project = RenderedProject(dbt, context);
  if (project.folder.empty()) return expected;
  const auto given =
      CommandLineTexts(GivenVariables(dbt.Arguments(), project), "fal-scripts-path");
  const std::string scripts_path = given && given->size() == 1 ? given->front() : "";
  // What the next run may bind without --vars, dbt must pass over in this one, too.
  const std::set<std::string> scripts_paths = {scripts_path, project.scripts_path};
  if (!scripts_path.empty()) project.scripts_path = scripts_path;
  const bool runs_scripts = command.runs_nodes || command.checks_sources;
  const std::vector<std::string> models = ModelsIn(dbt, project, runs_scripts, context);
  const ExpectedScripts found = FindBoundScripts(project);
  PassOverScripts(found, project, scripts_paths, models, output);
  if (runs_scripts) Refuse(found.problems, output);
  expected.may_bind_more = found.may_be_more || !project.templates.empty();
  expected.scripts = found.of_nodes;
  expected.binds_to_nodes =
      !models.empty() ||
      std::any_of(found.of_nodes.begin(), found.of_nodes.end(),
                  [](const ExpectedScript& script) { return !script.is_of_source; });
  const bool is_retry = dbt.Arguments().command() == "retry";
  TakeRunLevel(found, command, dbt.Arguments(), expected, output);
  if (!command.lists_nodes)
    std::erase_if(expected.scripts, [&](const ExpectedScript& script) {
      return script.is_of_source == command.runs_nodes;
    });
  // A retry has its variables, and with them the folder of the scripts, of an earlier
  // run.
  if (runs_scripts && !is_retry) Refuse(FileProblems(expected.scripts, project), output);
  if (!command.runs_nodes && !command.lists_nodes) return expected;
  for (const std::string& model : models) {
    ExpectedScript script;
    script.path = model;
    script.environment = kLocalEnvironment;
    script.is_model = true;
    expected.scripts.push_back(std::move(script));
  }
  return expected;
}

}  // namespace aft
