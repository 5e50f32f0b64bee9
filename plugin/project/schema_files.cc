// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/schema_files.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "plugin/base/text_file.h"
#include "plugin/project/dbtignore.h"
#include "plugin/project/yaml_bindings.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

// dbt takes hours for a file of this size.
constexpr std::uintmax_t kLargestFile = std::uintmax_t{64} << 20U;

bool IsPartOfAWord(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

/// Whether `word` stands in `text` as a whole word.
bool HasWord(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !IsPartOfAWord(text[at - 1])) &&
        (end == text.size() || !IsPartOfAWord(text[end])))
      return true;
  }
  return false;
}

bool NamesProduct(const std::string& text) {
  return HasWord(text, "fal") || HasWord(text, "aft");
}

void SearchYaml(const ProjectConfig& project, const fs::path& path,
                ExpectedScripts& found) {
  const std::string text = ReadText(path);
  // Most files can't bind a script, nor mean to, and parsing costs more.
  if (!NamesProduct(text) && !HasWord(text, "scripts") && !HasWord(text, "script"))
    return;
  try {
    FindYamlBindings(YAML::Load(text), path.lexically_relative(project.folder), found);
  } catch (const YAML::Exception&) {
    // dbt refuses the file with the reason, in its own words.
    return;
  }
}

bool IsYaml(const fs::path& path) {
  return path.extension() == ".yml" || path.extension() == ".yaml";
}

bool IsSql(const fs::path& path) { return path.extension() == ".sql"; }

/// Adds the scripts in a file that dbt doesn't read: none runs, but dbt must not take
/// them for models, either.
void SearchIgnored(const ProjectConfig& project, const fs::path& path,
                   ExpectedScripts& found) {
  ExpectedScripts ignored;
  SearchYaml(project, path, ignored);
  for (const auto* scripts : {&ignored.of_nodes, &ignored.of_runs})
    for (const ExpectedScript& script : *scripts) found.of_ignored.push_back(script.path);
}

/// The files below the folders in which dbt looks for nodes and their properties.
std::vector<fs::path> FilesOf(const ProjectConfig& project,
                              bool (*is_wanted)(const fs::path&)) {
  std::vector<fs::path> files;
  for (const fs::path& folder : project.property_paths) {
    std::error_code code;
    fs::recursive_directory_iterator entry(
        project.folder / folder, fs::directory_options::skip_permission_denied, code);
    for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code))
      if (is_wanted(entry->path()) && entry->is_regular_file(code) &&
          entry->file_size(code) <= kLargestFile)
        files.push_back(entry->path());
  }
  return files;
}

/// Those that dbt reads.
std::vector<fs::path> SqlFilesOf(const ProjectConfig& project) {
  std::vector<fs::path> files = FilesOf(project, IsSql);
  const Dbtignore ignore(project.folder);
  std::erase_if(files, [&](const fs::path& file) {
    return ignore.Covers(file.lexically_relative(project.folder));
  });
  return files;
}

}  // namespace

ExpectedScripts FindBoundScripts(const ProjectConfig& project) {
  ExpectedScripts found;
  SearchYaml(project, project.folder / kProjectFile, found);
  const Dbtignore ignore(project.folder);
  for (const fs::path& file : FilesOf(project, IsYaml)) {
    if (ignore.Covers(file.lexically_relative(project.folder)))
      SearchIgnored(project, file, found);
    else
      SearchYaml(project, file, found);
  }
  return found;
}

bool MayBeDisabled(const ExpectedScript& script, const ProjectConfig& project) {
  // What dbt_project.yml says holds for nodes by their folders, and is often overruled.
  if (script.is_switched || script.place.starts_with(kProjectFile) ||
      HasWord(ReadText(project.folder / kProjectFile), "enabled"))
    return true;
  const std::vector<fs::path> files = SqlFilesOf(project);
  // A snapshot, or a version of a model, may lie in a file of another name.
  return std::any_of(files.begin(), files.end(), [&](const fs::path& file) {
    const std::string text = ReadText(file);
    return HasWord(text, "enabled") &&
           (file.stem().native().starts_with(script.node) || HasWord(text, script.node));
  });
}

bool MayBindInSql(const ProjectConfig& project) {
  const std::vector<fs::path> files = SqlFilesOf(project);
  return std::any_of(files.begin(), files.end(),
                     [](const fs::path& file) { return NamesProduct(ReadText(file)); });
}

}  // namespace aft
