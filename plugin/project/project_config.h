// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace aft {

inline constexpr const char* kProjectFile = "dbt_project.yml";
inline constexpr const char* kProfilesFile = "profiles.yml";

/// What dbt_project.yml says that matters before and beside dbt.
struct ProjectConfig {
  std::filesystem::path folder;                       ///< absolute; see FindProject()
  std::string name;                                   ///< empty where it is a template
  std::vector<std::filesystem::path> model_paths;     ///< relative to `folder`
  std::vector<std::filesystem::path> property_paths;  ///< where schema files may lie
  /// `vars: fal-models-paths`, the folders of Python models; relative to `folder`.
  std::vector<std::filesystem::path> python_model_paths = {"fal_models"};
  std::string target_path = "target";
  std::string scripts_path;  ///< `vars: fal-scripts-path`; empty for the project's root
  /// What stands under `vars: aft:` that is neither a list nor a mapping.
  std::map<std::string, std::string> settings;
  /// `packages` there: the installed packages whose scripts may run.
  std::set<std::string> packages;
  /// Where dbt installs packages, each in a folder of its name; relative to `folder`.
  std::filesystem::path packages_folder = "dbt_packages";
  std::vector<std::string> problems;  ///< with what stands there; a sentence each
  std::vector<std::string> warnings;  ///< about settings that nobody reads, likewise
  /// Those of the keys above whose values are templates: their fields have the defaults.
  std::vector<std::string> templates;
  /// What stands under `flags:` likewise.
  std::map<std::string, std::string> flags;
};

/// The nearest folder at or above `start` that holds dbt_project.yml; empty without one.
///
/// It is named as `start` is, links and all, for dbt names the project's files like that:
/// an orchestrator may run it in a folder of links into the project.
std::filesystem::path FindProject(const std::filesystem::path& start);

/// Reads `folder`/dbt_project.yml. A file that is not valid YAML gives the defaults: dbt
/// reports it. `rendered` has the values of templates, by key, as JSON or YAML.
ProjectConfig ReadProjectConfig(const std::filesystem::path& folder,
                                const std::map<std::string, std::string>& rendered = {});

/// What stands under `config:` in profiles.yml, as `ProjectConfig::flags`: dbt's flags
/// were there before dbt_project.yml had them. Empty where the file can't be read.
std::map<std::string, std::string> ReadProfilesConfig(
    const std::filesystem::path& folder);

/// `folder` as an absolute path without `.`, `..` or a slash at its end.
std::filesystem::path AsNamed(const std::filesystem::path& folder);

/// Where dbt writes its artifacts: `given`, of --target-path, or the project's own.
std::filesystem::path TargetFolder(const ProjectConfig& project,
                                   const std::string& given);

/// Where dbt reads the state that `given`, of --state or --defer-state, names: dbt goes
/// into the project's folder first. (dbt-core, contracts/state.py)
std::filesystem::path StateFolder(const ProjectConfig& project, const std::string& given);

}  // namespace aft
