// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt_executable.h"

#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <vector>

#include "host_shim/error.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

bool IsExecutable(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<fs::path> Candidates(const fs::path& project_folder) {
  std::vector<fs::path> candidates;
  const std::string environment = Variable("VIRTUAL_ENV");
  if (!environment.empty()) candidates.push_back(fs::path(environment) / "bin/dbt");
  candidates.push_back(fs::current_path() / ".venv/bin/dbt");
  if (!project_folder.empty()) candidates.push_back(project_folder / ".venv/bin/dbt");
  std::istringstream folders(Variable("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (fs::path(folder).is_absolute()) candidates.push_back(fs::path(folder) / "dbt");
  return candidates;
}

}  // namespace

fs::path FindDbt(const std::string& option, const fs::path& project_folder) {
  if (!option.empty()) {
    if (IsExecutable(option)) return fs::absolute(option);
    throw Error(Text("cannot start dbt: '", option,
                     "', given by --aft-dbt, is not an executable file"));
  }
  for (const fs::path& candidate : Candidates(project_folder))
    if (IsExecutable(candidate)) return candidate;
  throw Error(
      "cannot find dbt: there is none in $VIRTUAL_ENV, in .venv of this folder or of the "
      "project, or on PATH; activate dbt's virtual environment, or name dbt with "
      "'--aft-dbt PATH'");
}

}  // namespace aft
