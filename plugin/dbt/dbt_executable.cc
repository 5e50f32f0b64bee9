// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_executable.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "host_shim/error.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPython = "python3";

bool IsExecutable(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The absolute folders on PATH.
std::vector<fs::path> FoldersOnPath() {
  std::vector<fs::path> paths;
  std::istringstream folders(Variable("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (fs::path(folder).is_absolute()) paths.emplace_back(folder);
  return paths;
}

/// The program that runs this code; empty where there is no /proc.
fs::path OwnProgram() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored);
}

/// Whether `program` is aft, or aft-dbt beside it, under another name.
bool IsAft(const fs::path& program) {
  std::error_code ignored;
  const fs::path own = OwnProgram();
  return fs::equivalent(program, own, ignored) ||
         fs::equivalent(program, own.parent_path() / "aft-dbt", ignored);
}

/// The folders of programs in which dbt is looked for.
std::vector<fs::path> FoldersOfDbt(const fs::path& project_folder) {
  std::vector<fs::path> folders;
  // An orchestrator that names aft in one virtual environment may run in another.
  const fs::path own_folder = OwnProgram().parent_path();
  std::error_code ignored;
  if (fs::exists(own_folder.parent_path() / "pyvenv.cfg", ignored))
    folders.push_back(own_folder);
  const std::string environment = Variable("VIRTUAL_ENV");
  if (!environment.empty()) folders.push_back(fs::path(environment) / "bin");
  folders.push_back(fs::current_path() / ".venv/bin");
  if (!project_folder.empty()) folders.push_back(project_folder / ".venv/bin");
  for (fs::path& folder : FoldersOnPath()) folders.push_back(std::move(folder));
  return folders;
}

/// The first program of this name that is not aft itself.
std::optional<fs::path> ProgramIn(const std::vector<fs::path>& folders,
                                  const char* name) {
  for (const fs::path& folder : folders)
    if (fs::path program = folder / name; IsExecutable(program) && !IsAft(program))
      return program;
  return std::nullopt;
}

/// The words of `text`, some of them in quotation marks of either kind. Empty where a
/// quotation mark lacks its other one.
std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = text.find_first_not_of(" \t"); at != std::string::npos;
       at = text.find_first_not_of(" \t", at)) {
    const bool is_quoted = text[at] == '"' || text[at] == '\'';
    const std::size_t begin = is_quoted ? at + 1 : at;
    const std::size_t end =
        is_quoted ? text.find(text[at], begin) : text.find_first_of(" \t", begin);
    if (is_quoted && end == std::string::npos) return {};
    words.push_back(text.substr(begin, end - begin));
    at = end == std::string::npos ? end : end + 1;
    if (at == std::string::npos) break;
  }
  return words;
}

/// The words behind `env -S`, with the program that it finds; others as they are. What
/// env finds without flags is left to dbt's own process to tell.
std::vector<std::string> WithoutEnv(std::vector<std::string> words) {
  if (words.size() < 3 || fs::path(words[0]).filename() != "env" || words[1] != "-S")
    return words;
  words.erase(words.begin(), words.begin() + 2);
  if (fs::path(words.front()).is_absolute()) return words;
  const std::optional<fs::path> found = ProgramIn(FoldersOnPath(), words.front().c_str());
  if (found) words.front() = *found;
  return words;
}

/// The words of the command that a script begins with.
std::vector<std::string> FirstCommand(const fs::path& script) {
  // Where the path is too long for the first line or has spaces, the second one has it,
  // which is a command for the shell and text for Python. (distlib, scripts.py:
  // _build_shebang)
  constexpr std::string_view kCommand = "'''exec' ";
  std::ifstream file(script);
  std::string line;
  std::getline(file, line);
  if (!line.starts_with("#!")) return {};
  std::vector<std::string> words = Words(line.substr(2));
  if (words != std::vector<std::string>{"/bin/sh"}) return WithoutEnv(std::move(words));
  std::getline(file, line);
  if (!line.starts_with(kCommand)) return {};
  words = Words(line.substr(kCommand.size()));
  // "$0" "$@" follow.
  words.resize(words.size() - std::min<std::size_t>(words.size(), 2));
  return words;
}

/// Whether the program is an interpreter itself, and no shim that looks for one.
bool IsPython(const fs::path& program) {
  const std::string name = program.filename().native();
  if (!name.starts_with("python") && !name.starts_with("pypy")) return false;
  return program.is_absolute() && IsExecutable(program) && IsBinary(program);
}

}  // namespace

bool IsBinary(const fs::path& program) {
  std::ifstream file(program, std::ios::binary);
  std::array<char, 4> magic{};
  return file.read(magic.data(), magic.size()) &&
         std::string_view(magic.data(), magic.size()) ==
             "\x7f"
             "ELF";
}

bool NamedPython::IgnoresPath() const {
  return std::any_of(flags.begin(), flags.end(), [](const std::string& flag) {
    return flag.starts_with('-') && !flag.starts_with("--") &&
           flag.find_first_of("EI") != std::string::npos;
  });
}

std::optional<NamedPython> PythonNamedBy(const fs::path& dbt) {
  const std::vector<std::string> words = FirstCommand(dbt);
  if (words.empty() || !IsPython(words.front())) return std::nullopt;
  return NamedPython{words.front(), {words.begin() + 1, words.end()}};
}

std::string PythonPathWith(const fs::path& folder) {
  const std::string inherited = Variable("PYTHONPATH");
  return Text("PYTHONPATH=", folder.native(), inherited.empty() ? "" : ":", inherited);
}

fs::path PythonBeside(const fs::path& dbt) {
  if (const fs::path beside = dbt.parent_path() / "python"; IsExecutable(beside))
    return beside;
  if (const std::optional<fs::path> found = ProgramIn(FoldersOnPath(), kPython))
    return *found;
  throw Error(Text("cannot find a Python for scripts: there is none beside '",
                   dbt.native(), "' and no python3 on PATH"));
}

std::optional<fs::path> FindDbt(const std::string& option,
                                const fs::path& project_folder) {
  if (option.empty()) return ProgramIn(FoldersOfDbt(project_folder), "dbt");
  if (IsAft(option))
    throw Error(Text("cannot start dbt: '", option,
                     "', given by --aft-dbt, is aft itself; name dbt's own program"));
  if (IsExecutable(option)) return fs::absolute(option);
  throw Error(Text("cannot start dbt: '", option,
                   "', given by --aft-dbt, is not an executable file"));
}

std::optional<fs::path> FindPython(const fs::path& project_folder) {
  return ProgramIn(FoldersOfDbt(project_folder), kPython);
}

}  // namespace aft
