// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/dbtignore.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string_view>

#include "host_shim/error.h"
#include "plugin/base/text_file.h"
#include "plugin/project/script_path.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBlockBegin =
    "# aft: scripts and their modules, which are no dbt models (aft keeps these lines)";
constexpr const char* kBlockEnd = "# aft: end";
constexpr const char* kDbtignoreFile = ".dbtignore";

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Whether `text` goes on with `word`, after white space of which there may be none.
bool TakeWord(std::string_view& text, std::string_view word) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
  const bool is_there = text.starts_with(word);
  if (is_there) text.remove_prefix(word.size());
  return is_there;
}

/// Whether a line of the file begins with "def model(", with any space between.
bool DefinesDbtModel(const fs::path& path) {
  constexpr std::string_view kDefinition = "\ndef";
  const std::string text = "\n" + ReadText(path);
  std::string_view rest = text;
  for (std::size_t at = rest.find(kDefinition); at != std::string_view::npos;
       at = rest.find(kDefinition)) {
    rest.remove_prefix(at + kDefinition.size());
    std::string_view name = rest;
    if (!name.empty() && std::isspace(static_cast<unsigned char>(name.front())) != 0 &&
        TakeWord(name, "model") && TakeWord(name, "("))
      return true;
  }
  return false;
}

/// Whether a .gitignore pattern without its '!' names `path` or a folder above it.
bool Matches(std::string pattern, const fs::path& path) {
  if (!pattern.empty() && pattern.back() == '/') pattern.pop_back();
  const bool anchored = pattern.find('/') != std::string::npos;
  if (!pattern.empty() && pattern.front() == '/') pattern.erase(0, 1);
  // fnmatch knows no "**"; without FNM_PATHNAME its "*" crosses slashes as that does.
  const int flags = pattern.find("**") == std::string::npos ? FNM_PATHNAME : 0;
  // "**/" may also stand for no folder at all.
  if (const std::size_t any = pattern.find("**/");
      any != std::string::npos &&
      Matches(Text(anchored ? "/" : "", pattern.substr(0, any), pattern.substr(any + 3)),
              path))
    return true;
  for (fs::path part = path; !part.empty(); part = part.parent_path()) {
    const fs::path subject = anchored ? part : part.filename();
    if (::fnmatch(pattern.c_str(), subject.c_str(), flags) == 0) return true;
  }
  return false;
}

bool IsCovered(const std::vector<std::string>& lines, const std::string& file) {
  bool covered = false;
  for (std::string line : lines) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    const bool negated = line.front() == '!';
    if (negated) line.erase(0, 1);
    if (Matches(line, file)) covered = !negated;
  }
  return covered;
}

/// A pattern that names exactly `file`.
std::string Pattern(const std::string& file) {
  std::string pattern = "/";
  for (const char character : file) {
    if (std::string_view("\\*?[]! #").find(character) != std::string_view::npos)
      pattern.push_back('\\');
    pattern.push_back(character);
  }
  return pattern;
}

/// Adds `script` and the modules beside and below it if it lies in `root`, a model path
/// that dbt calls `name`.
void AddFiles(const fs::path& script, const fs::path& root, const fs::path& name,
              std::set<fs::path>& files) {
  if (!IsInside(script, root)) return;
  const auto add = [&](const fs::path& file) {
    files.insert((name / file.lexically_relative(root)).lexically_normal());
  };
  add(script);
  std::error_code code;
  fs::recursive_directory_iterator entry(script.parent_path(), code);
  for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code))
    if (entry->path().extension() == ".py" && entry->is_regular_file(code) &&
        !DefinesDbtModel(entry->path()))
      add(entry->path());
}

}  // namespace

Dbtignore::Dbtignore(const fs::path& project_folder)
    : lines_(Lines(ReadText(project_folder / kDbtignoreFile))) {}

bool Dbtignore::Covers(const fs::path& file) const { return IsCovered(lines_, file); }

std::vector<std::string> FilesToPassOver(const ProjectConfig& project,
                                         const std::vector<std::string>& scripts) {
  std::set<fs::path> files;
  for (const std::string& script : scripts) {
    const fs::path named = AsNamed(project.folder / script);
    std::error_code code;
    const fs::path real = fs::canonical(named, code);
    if (code || real.extension() != ".py") continue;
    for (const fs::path& model_path : project.model_paths) {
      const fs::path root = project.folder / model_path;
      // dbt comes upon a file by the names of links as well as by its own.
      AddFiles(named, AsNamed(root), model_path, files);
      AddFiles(real, fs::weakly_canonical(root, code), model_path, files);
    }
  }
  return {files.begin(), files.end()};
}

std::string WithPassedOver(const std::string& text,
                           const std::vector<std::string>& files) {
  std::vector<std::string> lines = Lines(text);
  const auto begin = std::find(lines.begin(), lines.end(), kBlockBegin);
  const auto end = std::find(begin, lines.end(), kBlockEnd);
  if (end != lines.end()) lines.erase(begin, std::next(end));

  std::vector<std::string> block;
  for (const std::string& file : files)
    if (!IsCovered(lines, file)) block.push_back(Pattern(file));
  if (!block.empty()) {
    lines.emplace_back(kBlockBegin);
    lines.insert(lines.end(), block.begin(), block.end());
    lines.emplace_back(kBlockEnd);
  }
  std::string result;
  for (const std::string& line : lines) result.append(line).push_back('\n');
  return result;
}

std::vector<std::string> UpdateDbtignore(const ProjectConfig& project,
                                         const std::vector<std::string>& scripts) {
  const fs::path path = project.folder / kDbtignoreFile;
  const std::string before = ReadText(path);
  const std::string after = WithPassedOver(before, FilesToPassOver(project, scripts));
  const std::vector<std::string> old_lines = Lines(before);
  const std::vector<std::string> new_lines = Lines(after);
  if (old_lines == new_lines) return {};

  // A link is written through, so that the file it points at stays the one in use.
  std::error_code code;
  const fs::path file = fs::exists(path) ? fs::canonical(path, code) : path;
  const fs::path draft = file.native() + ".aft-draft";
  std::ofstream(draft, std::ios::binary) << after;
  if (ReadText(draft) == after) fs::rename(draft, file, code);
  if (ReadText(path) != after) {
    fs::remove(draft, code);
    throw Error(Text("cannot write '", path.native(),
                     "'; dbt would take bound scripts for its own models; make the file ",
                     "writable, or put these lines into it:\n", after));
  }
  std::vector<std::string> added;
  for (const std::string& line : new_lines)
    if (line.front() == '/' &&
        std::find(old_lines.begin(), old_lines.end(), line) == old_lines.end())
      added.push_back(line.substr(1));
  return added;
}

}  // namespace aft
