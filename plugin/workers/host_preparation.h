// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/project_config.h"
#include "plugin/scripts/bound_scripts.h"
#include "plugin/workers/script_host.h"

namespace aft {

/// What scripts in the project's environments start with, but for the run's folder.
HostSetup SetupFor(const ProjectConfig& project, const DbtInvocation& invocation,
                   const std::filesystem::path& target_folder);

/// Gets the environments of a run's scripts ready, and knows whether they are.
class HostPreparation {
 public:
  /// `host` outlives this object.
  HostPreparation(ScriptHost& host, const ProjectConfig& project,
                  const DbtInvocation& invocation,
                  const std::filesystem::path& target_folder);

  [[nodiscard]] const ProjectEnvironments& environments() const { return environments_; }

  /// Scripts of these environments will probably run; unknown names are passed over.
  void WarmUp(const std::set<std::string>& names);

  /// Scripts of these environments, which are known, will run.
  void Require(const std::set<std::string>& names, const std::filesystem::path& manifest);

  /// This run builds the nodes with these unique ids.
  void UseSelection(const std::vector<std::string>& nodes);

  /// Whether it is known of all that are required if scripts can run in them.
  [[nodiscard]] bool IsReady() const;

  /// How many nodes dbt works on at a time.
  [[nodiscard]] int threads() const { return std::max(host_.threads(), 1); }

  /// Why scripts can't run, a sentence for each environment.
  [[nodiscard]] std::vector<std::string> Failures() const;

 private:
  ScriptHost& host_;
  ProjectEnvironments environments_;
  HostSetup setup_;
  std::set<std::string> required_;
};

}  // namespace aft
