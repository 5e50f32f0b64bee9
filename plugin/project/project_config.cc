// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/project_config.h"

#include <yaml-cpp/yaml.h>

#include <initializer_list>

namespace aft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProjectFile = "dbt_project.yml";

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
  config.scripts_path = Scalar(Variable(project, "fal-scripts-path"));
  config.settings = Settings(Variable(project, "aft"));
  config.flags = Settings(project["flags"]);
}

}  // namespace

fs::path FindProject(const fs::path& start) {
  std::error_code ignored;
  for (fs::path folder = fs::absolute(start); !folder.empty();
       folder = folder.parent_path()) {
    if (fs::exists(folder / kProjectFile, ignored)) return fs::canonical(folder, ignored);
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

fs::path TargetFolder(const ProjectConfig& project, const std::string& given) {
  return project.folder / (given.empty() ? project.target_path : given);
}

}  // namespace aft
