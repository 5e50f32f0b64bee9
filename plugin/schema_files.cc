// SPDX-License-Identifier: Apache-2.0
#include "plugin/schema_files.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace aft {
namespace {

namespace fs = std::filesystem;

// Anchors let a small file stand for a tree without end.
constexpr int kMostNodes = 1'000'000;
constexpr int kDeepest = 64;

/// Walks a YAML tree and keeps every path that stands as a script under `fal` or `aft`.
class ScriptFinder {
 public:
  explicit ScriptFinder(std::vector<std::string>& paths) : paths_(paths) {}

  void Search(const YAML::Node& node, int depth = 0) {
    if (depth > kDeepest || ++visited_ > kMostNodes) return;
    if (node.IsSequence()) {
      for (const YAML::Node& below : node) Search(below, depth + 1);
    } else if (node.IsMap()) {
      for (const auto& entry : node) {
        const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
        if ((key == "fal" || key == "aft") && entry.second.IsMap())
          AddScripts(entry.second["scripts"]);
        Search(entry.second, depth + 1);
      }
    }
  }

 private:
  void AddScripts(const YAML::Node& scripts) {
    if (!scripts.IsDefined()) return;
    if (scripts.IsMap()) {
      AddList(scripts["before"]);
      AddList(scripts["after"]);
    } else {
      AddList(scripts);
    }
  }

  void AddList(const YAML::Node& list) {
    if (!list.IsDefined() || !list.IsSequence()) return;
    for (const YAML::Node& entry : list) {
      const YAML::Node path = entry.IsMap() ? entry["path"] : entry;
      if (path.IsDefined() && path.IsScalar()) paths_.push_back(path.Scalar());
    }
  }

  std::vector<std::string>& paths_;
  int visited_ = 0;
};

/// Whether the file can bind a script at all: most can't, and parsing costs more.
bool MayBindScripts(const std::string& text) {
  return text.find("scripts") != std::string::npos &&
         (text.find("fal") != std::string::npos || text.find("aft") != std::string::npos);
}

void SearchFile(const fs::path& path, ScriptFinder& finder) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
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

}  // namespace

std::vector<std::string> FindBoundScripts(const ProjectConfig& project) {
  std::vector<std::string> paths;
  ScriptFinder finder(paths);
  SearchFile(project.folder / "dbt_project.yml", finder);
  for (const fs::path& folder : project.property_paths) {
    std::error_code code;
    fs::recursive_directory_iterator entry(
        project.folder / folder, fs::directory_options::skip_permission_denied, code);
    for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code))
      if (IsYaml(entry->path()) && entry->is_regular_file(code))
        SearchFile(entry->path(), finder);
  }
  return paths;
}

}  // namespace aft
