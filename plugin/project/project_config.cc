// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/project_config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "host_shim/error.h"
#include "plugin/project/known_keys.h"
#include "plugin/project/script_limits.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

// What is read here and rendered by dbt. Variables and flags are taken as they are.
constexpr std::array<const char*, 6> kRenderedKeys = {
    "name",       "target-path",    "model-paths",
    "seed-paths", "snapshot-paths", "packages-install-path"};

bool IsTemplate(const YAML::Node& node) {
  if (node.IsSequence()) return std::any_of(node.begin(), node.end(), IsTemplate);
  return node.IsScalar() && (node.Scalar().find("{{") != std::string::npos ||
                             node.Scalar().find("{%") != std::string::npos);
}

/// Puts what is rendered in the place of templates. Takes the others away, and returns
/// their keys.
std::vector<std::string> ReplaceTemplates(
    YAML::Node& project, const std::map<std::string, std::string>& rendered) {
  std::vector<std::string> templates;
  for (const char* key : kRenderedKeys) {
    const YAML::Node value = project[key];
    if (!value.IsDefined() || !IsTemplate(value)) continue;
    if (const auto found = rendered.find(key); found != rendered.end()) {
      project[key] = YAML::Load(found->second);
    } else {
      project.remove(key);
      templates.emplace_back(key);
    }
  }
  return templates;
}

std::vector<fs::path> Paths(const YAML::Node& project, const char* key,
                            const char* otherwise) {
  std::vector<fs::path> paths;
  for (const YAML::Node& entry : project[key])
    if (entry.IsScalar()) paths.emplace_back(entry.Scalar());
  if (paths.empty()) paths.emplace_back(otherwise);
  return paths;
}

std::string Scalar(const YAML::Node& node) {
  return node.IsDefined() && node.IsScalar() ? node.Scalar() : "";
}

/// A variable of the project: dbt takes it below the project's name as well.
YAML::Node Variable(const YAML::Node& project, const std::string& name) {
  const YAML::Node variables = project["vars"];
  if (!variables.IsDefined() || !variables.IsMap()) return {};
  const YAML::Node own = variables[Scalar(project["name"])];
  if (own.IsDefined() && own.IsMap() && own[name].IsDefined()) return own[name];
  return variables[name];
}

/// Of `vars: fal-models-paths`, a path or a list of them.
void ReadPythonModelPaths(const YAML::Node& variable, ProjectConfig& config) {
  if (!variable.IsDefined() || variable.IsNull()) return;
  config.python_model_paths.clear();
  if (variable.IsScalar()) config.python_model_paths.emplace_back(variable.Scalar());
  if (!variable.IsSequence()) return;
  for (const YAML::Node& entry : variable)
    if (entry.IsScalar()) config.python_model_paths.emplace_back(entry.Scalar());
}

std::map<std::string, std::string> Settings(const YAML::Node& variable) {
  std::map<std::string, std::string> settings;
  if (!variable.IsDefined() || !variable.IsMap()) return settings;
  for (const auto& entry : variable)
    if (entry.first.IsScalar() && entry.second.IsScalar())
      settings[entry.first.Scalar()] = entry.second.Scalar();
  return settings;
}

bool IsListOfNames(const YAML::Node& list) {
  return list.IsSequence() &&
         std::all_of(list.begin(), list.end(), [](const auto& entry) {
           return entry.IsScalar() && !entry.Scalar().empty() &&
                  entry.Scalar().find('/') == std::string::npos;
         });
}

/// The packages that `vars: aft:` allows to run scripts. Adds to `problems` those that
/// are not installed.
void ReadPackages(const YAML::Node& settings, ProjectConfig& config) {
  if (!settings.IsDefined() || !settings.IsMap() || !settings["packages"].IsDefined() ||
      !IsListOfNames(settings["packages"]))
    return;
  for (const YAML::Node& entry : settings["packages"]) {
    const std::string name = entry.Scalar();
    config.packages.insert(name);
    std::error_code ignored;
    if (!fs::exists(config.folder / config.packages_folder / name, ignored))
      config.problems.push_back(
          Text(kProjectFile, ", line ", entry.Mark().line + 1, ": vars: aft: packages: '",
               name, "' is not in '", config.packages_folder.native(),
               "'; install it with 'dbt deps', or take its name out"));
  }
}

/// What is wrong with a value of `vars: aft:`; or "".
std::string SettingProblem(const std::string& key, const std::string& value) {
  ScriptLimits limits;
  try {
    if (IsLimit(key)) SetLimit(key, value, limits);
    if (key == "concurrency") Concurrency(value);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// What is wrong with `vars: aft:`. What most values say is for their readers to judge.
std::vector<std::string> SettingProblems(const YAML::Node& settings) {
  std::vector<std::string> problems;
  const auto add = [&problems](const YAML::Node& at, const std::string& what) {
    problems.push_back(
        Text(kProjectFile, ", line ", at.Mark().line + 1, ": vars: aft: ", what));
  };
  if (!settings.IsDefined() || settings.IsNull()) return problems;
  if (!settings.IsMap()) {
    add(settings, "these are no settings; write them as 'name: value'");
    return problems;
  }
  for (const auto& entry : settings) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (!IsKnown(key, kSettingKeys))
      add(entry.first, UnknownKey(key, "", kSettingKeys));
    else if (key == "packages" && !IsListOfNames(entry.second))
      add(entry.first, "'packages' is not a list of the names of packages");
    else if (key != "connections" && key != "packages" && !entry.second.IsScalar())
      add(entry.first,
          entry.second.IsNull()
              ? Text("'", key, "' is empty; write the text null in quotation marks")
              : Text("'", key, "' is neither text nor a number"));
    else if (entry.second.IsScalar()) {
      const std::string what = SettingProblem(key, entry.second.Scalar());
      if (!what.empty()) add(entry.first, what);
    }
  }
  return problems;
}

/// Settings under a name that is close to aft's own.
void WarnOfMisspeltSettings(const YAML::Node& variables,
                            std::vector<std::string>& warnings) {
  if (!variables.IsDefined() || !variables.IsMap()) return;
  for (const auto& entry : variables) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    std::vector<std::string> names;
    if (entry.second.IsMap())
      for (const auto& setting : entry.second)
        if (setting.first.IsScalar()) names.push_back(setting.first.Scalar());
    if (!AreMisspeltSettings(key, names)) continue;
    warnings.push_back(Text(kProjectFile, ", line ", entry.first.Mark().line + 1,
                            ": vars: ", MisspeltSettings(key)));
  }
}

void Read(const YAML::Node& project, ProjectConfig& config) {
  config.model_paths = Paths(project, "model-paths", "models");
  config.property_paths = config.model_paths;
  for (const auto& [key, otherwise] :
       {std::pair{"seed-paths", "seeds"}, std::pair{"snapshot-paths", "snapshots"}})
    for (fs::path& path : Paths(project, key, otherwise))
      config.property_paths.push_back(std::move(path));
  const std::string target = Scalar(project["target-path"]);
  if (!target.empty()) config.target_path = target;
  config.name = Scalar(project["name"]);
  config.scripts_path = Scalar(Variable(project, "fal-scripts-path"));
  ReadPythonModelPaths(Variable(project, "fal-models-paths"), config);
  config.settings = Settings(Variable(project, "aft"));
  config.problems = SettingProblems(Variable(project, "aft"));
  const std::string packages = Scalar(project["packages-install-path"]);
  if (!packages.empty()) config.packages_folder = packages;
  ReadPackages(Variable(project, "aft"), config);
  WarnOfMisspeltSettings(project["vars"], config.warnings);
  WarnOfMisspeltSettings(Variable(project, config.name), config.warnings);
  config.flags = Settings(project["flags"]);
}

}  // namespace

fs::path AsNamed(const fs::path& folder) {
  const fs::path full = fs::absolute(folder);
  std::error_code code;
  // What lies above a link, the words don't tell.
  const bool climbs = std::find(full.begin(), full.end(), "..") != full.end();
  if (const fs::path real = climbs ? fs::canonical(full, code) : fs::path();
      !code && !real.empty())
    return real;
  const fs::path named = full.lexically_normal();
  return named.has_filename() ? named : named.parent_path();
}

fs::path FindProject(const fs::path& start) {
  std::error_code ignored;
  for (fs::path folder = AsNamed(start); !folder.empty(); folder = folder.parent_path()) {
    if (fs::exists(folder / kProjectFile, ignored)) return folder;
    if (folder == folder.root_path()) break;
  }
  return {};
}

ProjectConfig ReadProjectConfig(const fs::path& folder,
                                const std::map<std::string, std::string>& rendered) {
  ProjectConfig config;
  config.folder = folder;
  YAML::Node project;
  try {
    project = YAML::LoadFile(folder / kProjectFile);
  } catch (const YAML::Exception&) {
    // dbt refuses the file with the reason, in its own words.
    return config;
  }
  if (!project.IsMap()) return config;
  config.templates = ReplaceTemplates(project, rendered);
  Read(project, config);
  return config;
}

std::map<std::string, std::string> ReadProfilesConfig(const fs::path& folder) {
  try {
    const YAML::Node profiles = YAML::LoadFile(folder / kProfilesFile);
    if (profiles.IsMap()) return Settings(profiles["config"]);
  } catch (const YAML::Exception&) {
    // dbt refuses the file with the reason, in its own words.
    return {};
  }
  return {};
}

fs::path TargetFolder(const ProjectConfig& project, const std::string& given) {
  return project.folder / (given.empty() ? project.target_path : given);
}

fs::path StateFolder(const ProjectConfig& project, const std::string& given) {
  return AsNamed(project.folder / given);
}

}  // namespace aft
