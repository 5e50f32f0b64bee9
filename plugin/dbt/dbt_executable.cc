// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_executable.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
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

/// The absolute folders on PATH, with `name` in each.
std::vector<fs::path> OnPath(const char* name) {
  std::vector<fs::path> paths;
  std::istringstream folders(Variable("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (fs::path(folder).is_absolute()) paths.push_back(fs::path(folder) / name);
  return paths;
}

std::vector<fs::path> Candidates(const fs::path& project_folder) {
  std::vector<fs::path> candidates;
  const std::string environment = Variable("VIRTUAL_ENV");
  if (!environment.empty()) candidates.push_back(fs::path(environment) / "bin/dbt");
  candidates.push_back(fs::current_path() / ".venv/bin/dbt");
  if (!project_folder.empty()) candidates.push_back(project_folder / ".venv/bin/dbt");
  for (fs::path& path : OnPath("dbt")) candidates.push_back(std::move(path));
  return candidates;
}

/// The word at the start of `text`, in quotation marks of either kind or in none.
std::string FirstWord(const std::string& text) {
  const bool is_quoted = text.starts_with('"') || text.starts_with('\'');
  const std::size_t begin = is_quoted ? 1 : 0;
  const std::size_t end = text.find(is_quoted ? text.front() : ' ', begin);
  return is_quoted && end == std::string::npos ? "" : text.substr(begin, end - begin);
}

/// The interpreter in the first line of a script; empty for other programs.
fs::path NamedInterpreter(const fs::path& dbt) {
  // Where the path is too long for that line or has spaces, the next one has it, which is
  // a command for the shell and text for Python. (distlib, scripts.py: _build_shebang)
  constexpr std::string_view kCommand = "'''exec' ";
  std::ifstream file(dbt);
  std::string line;
  std::getline(file, line);
  std::string python = line.starts_with("#!") ? line.substr(2) : "";
  if (python == "/bin/sh") {
    std::getline(file, line);
    python = line.starts_with(kCommand) ? FirstWord(line.substr(kCommand.size())) : "";
  }
  return fs::path(python).is_absolute() && IsExecutable(python) ? python : "";
}

}  // namespace

fs::path PythonOf(const fs::path& dbt) {
  fs::path python = NamedInterpreter(dbt);
  if (!python.empty()) return python;
  throw Error(
      Text("cannot tell which Python runs '", dbt.native(),
           "', for it is not a script that pip has installed; name such a dbt with "
           "'--aft-dbt PATH'"));
}

fs::path PythonBeside(const fs::path& dbt) {
  fs::path python = NamedInterpreter(dbt);
  if (!python.empty()) return python;
  std::vector<fs::path> candidates = OnPath("python3");
  candidates.insert(candidates.begin(), dbt.parent_path() / "python");
  for (const fs::path& candidate : candidates)
    if (IsExecutable(candidate)) return candidate;
  throw Error(Text("cannot find a Python for scripts: there is none beside '",
                   dbt.native(), "' and no python3 on PATH"));
}

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
