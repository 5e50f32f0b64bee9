// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/project_config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <initializer_list>

#include "host_shim/error.h"
#include "plugin/project/known_keys.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

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
YAML::Node Variable(const YAML::Node& project, const char* name) {
  const YAML::Node variables = project["vars"];
  if (!variables.IsDefined() || !variables.IsMap()) return {};
  const YAML::Node own = variables[Scalar(project["name"])];
  if (own.IsDefined() && own.IsMap() && own[name].IsDefined()) return own[name];
  return variables[name];
}

std::map<std::string, std::string> Settings(const YAML::Node& variable) {
  std::map<std::string, std::string> settings;
  if (!variable.IsDefined() || !variable.IsMap()) return settings;
  for (const auto& entry : variable)
    if (entry.first.IsScalar() && entry.second.IsScalar())
      settings[entry.first.Scalar()] = entry.second.Scalar();
  return settings;
}

/// What is wrong with `vars: aft:`. What the values say is for their readers to judge.
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
    else if (key != "connections" && !entry.second.IsScalar())
      add(entry.first, Text("'", key, "' is neither text nor a number"));
  }
  return problems;
}

void Read(const YAML::Node& project, ProjectConfig& config) {
  if (!project.IsMap()) return;
  config.model_paths = Paths(project, "model-paths", "models");
  config.property_paths = config.model_paths;
  for (const auto& [key, otherwise] :
       {std::pair{"seed-paths", "seeds"}, std::pair{"snapshot-paths", "snapshots"}})
    for (fs::path& path : Paths(project, key, otherwise))
      config.property_paths.push_back(std::move(path));
  const std::string target = Scalar(project["target-path"]);
  if (!target.empty()) config.target_path = target;
  config.name = Scalar(project["name"]);
  if (config.name.find("{{") != std::string::npos) config.name.clear();
  config.scripts_path = Scalar(Variable(project, "fal-scripts-path"));
  config.settings = Settings(Variable(project, "aft"));
  config.problems = SettingProblems(Variable(project, "aft"));
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

ProjectConfig ReadProjectConfig(const fs::path& folder) {
  ProjectConfig config;
  config.folder = folder;
  try {
    Read(YAML::LoadFile(folder / kProjectFile), config);
  } catch (const YAML::Exception&) {
    // dbt refuses the file with the reason, in its own words.
    return config;
  }
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

}  // namespace aft
