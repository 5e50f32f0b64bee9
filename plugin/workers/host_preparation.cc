// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/host_preparation.h"

#include <algorithm>
#include <map>

#include "host_shim/error.h"

namespace aft {

HostSetup SetupFor(const ProjectConfig& project, const DbtInvocation& invocation,
                   const std::filesystem::path& target_folder) {
  HostSetup setup;
  setup.python = invocation.python;
  setup.project_folder = project.folder;
  setup.scripts_folder = ScriptsFolder(project, invocation);
  setup.profiles_folder = invocation.profiles_folder;
  setup.profile = invocation.profile;
  setup.target = invocation.target;
  setup.variables = invocation.variables;
  setup.arguments = invocation.arguments;
  setup.target_folder = target_folder;
  setup.threads = invocation.threads;
  setup.is_empty = invocation.is_empty;
  setup.sample_start = invocation.sample_start;
  setup.sample_end = invocation.sample_end;
  std::map<std::string, std::string> settings = CommandLineSettings(invocation);
  settings.insert(project.settings.begin(), project.settings.end());
  setup.unordered_refs = settings["unordered_refs"];
  return setup;
}

HostPreparation::HostPreparation(ScriptHost& host, const ProjectConfig& project,
                                 const DbtInvocation& invocation,
                                 const std::filesystem::path& target_folder)
    : host_(host),
      environments_(ReadProjectEnvironments(project.folder)),
      setup_(SetupFor(project, invocation, target_folder)) {}

void HostPreparation::WarmUp(const std::set<std::string>& names) {
  for (const std::string& name : names)
    if (const auto found = environments_.by_name.find(name);
        found != environments_.by_name.end())
      host_.WarmUp(found->second, setup_);
}

void HostPreparation::Require(const std::set<std::string>& names,
                              const std::filesystem::path& manifest) {
  for (const std::string& name : names) {
    host_.Require(environments_.by_name.at(name), setup_);
    required_.insert(name);
  }
  host_.UseManifest(manifest);
}

void HostPreparation::UseSelection(const std::vector<std::string>& nodes) {
  host_.UseSelection(nodes);
}

bool HostPreparation::IsReady() const {
  return std::all_of(required_.begin(), required_.end(),
                     [this](const std::string& name) { return host_.IsReady(name); });
}

std::vector<std::string> HostPreparation::Failures() const {
  std::vector<std::string> failures;
  for (const std::string& name : required_) {
    const std::string& reason = host_.failure(name);
    if (reason.empty()) continue;
    const std::string where =
        name == kLocalEnvironment ? "" : Text(" in environment '", name, "'");
    failures.push_back(Text("cannot run scripts", where, ": ", reason));
  }
  return failures;
}

}  // namespace aft
