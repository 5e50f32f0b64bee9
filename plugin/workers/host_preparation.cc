// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/host_preparation.h"

#include <algorithm>

#include "host_shim/error.h"

namespace aft {

HostPreparation::HostPreparation(ScriptHost& host, const ProjectConfig& project,
                                 const DbtInvocation& invocation,
                                 const std::filesystem::path& target_folder)
    : host_(host), environments_(ReadProjectEnvironments(project.folder)) {
  setup_.python = invocation.python;
  setup_.project_folder = project.folder;
  setup_.scripts_folder = ScriptsFolder(project, invocation);
  setup_.profiles_folder = invocation.profiles_folder;
  setup_.profile = invocation.profile;
  setup_.target = invocation.target;
  setup_.variables = invocation.variables;
  setup_.target_folder = target_folder;
  setup_.threads = invocation.threads;
  setup_.is_empty = invocation.is_empty;
  setup_.sample_start = invocation.sample_start;
  setup_.sample_end = invocation.sample_end;
}

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
