// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/rendered_project.h"

#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/commands/python_answer.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/workers/host_preparation.h"

namespace aft {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// What Python says of the templates under `keys` in a file of the project `raw`. Throws
/// Error where it can't be asked.
json::object AskForTemplates(const std::string& file,
                             const std::vector<std::string>& keys,
                             const ProjectConfig& raw, CalledDbt& dbt,
                             const CommandContext& context) {
  if (!dbt.named_python()) dbt.Ask();
  PythonQuestion question;
  question.python = dbt.PythonForScripts();
  question.package_folder = context.installation().package_folder;
  question.module = "aft.project_file";
  question.purpose = Text("render ", file);
  question.needs_packages = true;
  const HostSetup setup =
      SetupFor(raw, InvocationOf(dbt.Arguments(), question.python, raw), {});
  const json::object told = {
      {"setup", DescribedSetup(setup)}, {"file", file}, {"keys", json::value_from(keys)}};
  question.environment = {"AFT_PROJECT=" + json::serialize(told)};
  return AskPython(question);
}

}  // namespace

ProjectConfig RenderedProject(CalledDbt& dbt, const CommandContext& context) {
  const fs::path folder = dbt.ProjectFolder();
  if (folder.empty()) return {};
  ProjectConfig raw = ReadProjectConfig(folder);
  if (raw.templates.empty()) return raw;
  json::object answer;
  try {
    answer = AskForTemplates(kProjectFile, raw.templates, raw, dbt, context);
  } catch (const Error& error) {
    raw.problems.emplace_back(error.what());
    return raw;
  }
  std::map<std::string, std::string> rendered;
  for (const auto& [key, value] : answer.at("rendered").as_object())
    rendered[key] = json::serialize(value);
  ProjectConfig project = ReadProjectConfig(folder, rendered);
  for (const json::value& problem : answer.at("problems").as_array())
    project.problems.emplace_back(problem.as_string());
  return project;
}

json::value RenderedValue(const std::string& file, const std::string& key,
                          const ProjectConfig& project, CalledDbt& dbt,
                          const CommandContext& context) {
  json::object answer = AskForTemplates(file, {key}, project, dbt, context);
  for (const json::value& problem : answer.at("problems").as_array())
    throw Error(std::string(problem.as_string()));
  return std::move(answer.at("rendered").at(key));
}

}  // namespace aft
