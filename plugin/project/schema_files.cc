// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/schema_files.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "plugin/base/text_file.h"
#include "plugin/project/environment.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

// Anchors let a small file stand for a tree without end.
constexpr int kMostNodes = 1'000'000;
constexpr int kDeepest = 64;
// dbt takes hours for a file of this size.
constexpr std::uintmax_t kLargestFile = std::uintmax_t{64} << 20U;

/// What stands at `key`, or `otherwise` where that is no text.
std::string ScalarAt(const YAML::Node& map, const char* key,
                     const std::string& otherwise) {
  const YAML::Node value = map[key];
  return value.IsDefined() && value.IsScalar() ? value.Scalar() : otherwise;
}

/// Walks a YAML tree and keeps all that stands as a script under `fal` or `aft`.
class ScriptFinder {
 public:
  explicit ScriptFinder(std::vector<ExpectedScript>& found) : found_(found) {}

  void Search(const YAML::Node& node, bool is_source = false, int depth = 0) {
    if (depth > kDeepest || ++visited_ > kMostNodes) return;
    if (node.IsSequence()) {
      for (const YAML::Node& below : node) Search(below, is_source, depth + 1);
    } else if (node.IsMap()) {
      for (const auto& entry : node) {
        const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
        if ((key == "fal" || key == "aft") && entry.second.IsMap())
          AddScripts(
              entry.second["scripts"],
              {"", ScalarAt(entry.second, "environment", kLocalEnvironment), is_source});
        Search(entry.second, is_source || key == "sources", depth + 1);
      }
    }
  }

 private:
  void AddScripts(const YAML::Node& scripts, const ExpectedScript& like) {
    if (!scripts.IsDefined()) return;
    if (scripts.IsMap()) {
      AddList(scripts["before"], like);
      AddList(scripts["after"], like);
    } else {
      AddList(scripts, like);
    }
  }

  void AddList(const YAML::Node& list, const ExpectedScript& like) {
    if (!list.IsDefined() || !list.IsSequence()) return;
    for (const YAML::Node& entry : list) {
      if (entry.IsScalar())
        found_.push_back({entry.Scalar(), like.environment, like.is_of_source});
      else if (entry.IsMap() && !ScalarAt(entry, "path", "").empty())
        found_.push_back({ScalarAt(entry, "path", ""),
                          ScalarAt(entry, "environment", like.environment),
                          like.is_of_source});
    }
  }

  std::vector<ExpectedScript>& found_;
  int visited_ = 0;
};

/// Whether the file can bind a script at all: most can't, and parsing costs more.
bool MayBindScripts(const std::string& text) {
  return text.find("scripts") != std::string::npos &&
         (text.find("fal") != std::string::npos || text.find("aft") != std::string::npos);
}

void SearchYaml(const fs::path& path, ScriptFinder& finder) {
  const std::string text = ReadText(path);
  if (!MayBindScripts(text)) return;
  try {
    finder.Search(YAML::Load(text));
  } catch (const YAML::Exception&) {
    // dbt refuses the file with the reason, in its own words.
    return;
  }
}

bool IsYaml(const fs::path& path) {
  return path.extension() == ".yml" || path.extension() == ".yaml";
}

bool IsSql(const fs::path& path) { return path.extension() == ".sql"; }

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

}  // namespace

std::vector<ExpectedScript> FindBoundScripts(const ProjectConfig& project) {
  std::vector<ExpectedScript> found;
  ScriptFinder finder(found);
  SearchYaml(project.folder / "dbt_project.yml", finder);
  for (const fs::path& file : FilesOf(project, IsYaml)) SearchYaml(file, finder);
  return found;
}

bool MayBindInSql(const ProjectConfig& project) {
  const std::vector<fs::path> files = FilesOf(project, IsSql);
  return std::any_of(files.begin(), files.end(),
                     [](const fs::path& file) { return MayBindScripts(ReadText(file)); });
}

}  // namespace aft
