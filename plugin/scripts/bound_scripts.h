// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/environment.h"
#include "plugin/project/manifest.h"
#include "plugin/project/project_config.h"
#include "plugin/project/script.h"

namespace aft {

/// What fal_project.yml defines. What is wrong with it matters only to a script that
/// names one of its environments.
struct ProjectEnvironments {
  std::map<std::string, Environment> by_name;
  std::string problem;  ///< a sentence; empty for a file that can be read
};

ProjectEnvironments ReadProjectEnvironments(const std::filesystem::path& folder);

/// The scripts of one node in the order in which they run.
struct NodeScripts {
  std::string node;  ///< unique id
  bool is_ephemeral = false;
  std::vector<Script> scripts;
  /// Whether what is below it waits until dbt has compiled its SQL. For stages.
  bool waits_for_sql = false;
  /// Whether they run although dbt does not work on the node.
  bool is_alone = false;
};

/// The scripts that a project binds to its nodes, ready to be run.
struct BoundScripts {
  std::vector<NodeScripts> nodes;
  /// How many may run at once; nullopt where dbt's threads decide.
  std::optional<int> concurrency;
  std::set<std::string> environments;  ///< the names of those that scripts run in
  std::vector<std::string> problems;   ///< each forbids the run, a sentence each
  std::vector<std::string> notices;    ///< for people, a sentence each
};

/// Where the paths of scripts begin.
std::filesystem::path ScriptsFolder(const ProjectConfig& project,
                                    const DbtInvocation& invocation);

/// Where the paths of a node's scripts begin, and the folder of its package, which is
/// where those of Python models begin.
struct ScriptFolders {
  std::filesystem::path scripts;
  std::filesystem::path package;
};

/// Those of a `node` in `manifest`; nullopt where it is of a package whose scripts do not
/// run.
std::optional<ScriptFolders> FoldersOf(const BoundNode& node, const Manifest& manifest,
                                       const ProjectConfig& project,
                                       const DbtInvocation& invocation);

/// Finds the files, limits and environments of all bindings in `manifest`.
BoundScripts BindScripts(const Manifest& manifest, const ProjectConfig& project,
                         const DbtInvocation& invocation,
                         const ProjectEnvironments& environments);

}  // namespace aft
