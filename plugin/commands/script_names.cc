// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/script_names.h"

#include <algorithm>
#include <map>
#include <set>

#include "plugin/project/project_config.h"
#include "plugin/project/schema_files.h"
#include "plugin/project/script_path.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

/// The files of Python models, relative to the project; aft.models finds them likewise.
std::set<std::string> PythonModels(const ProjectConfig& project) {
  std::set<std::string> models;
  std::error_code code;
  for (const fs::path& folder : project.python_model_paths) {
    fs::recursive_directory_iterator entry(project.folder / folder, code);
    for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code)) {
      const fs::path& path = entry->path();
      const std::string name = path.filename();
      if (name.starts_with('.') || name.starts_with("__")) {
        entry.disable_recursion_pending();
        continue;
      }
      if (path.extension() == ".py" || path.extension() == ".ipynb")
        models.insert(path.lexically_relative(project.folder));
    }
  }
  return models;
}

}  // namespace

std::vector<std::string> ScriptNames(const fs::path& folder) {
  const fs::path root = FindProject(folder);
  if (root.empty()) return {};
  const ProjectConfig project = ReadProjectConfig(root);
  std::set<std::string> paths = PythonModels(project);
  for (const ExpectedScript& script : FindBoundScripts(project).of_nodes)
    if (!script.is_hook && !HasJinja(script.path))
      paths.insert(FromProject(script.path, false, project));
  std::map<std::string, int> counts;
  for (const fs::path path : paths) ++counts[path.filename()];
  std::vector<std::string> names;
  names.reserve(paths.size());
  for (const fs::path path : paths)
    names.push_back(counts[path.filename()] == 1 ? path.filename() : path);
  return names;
}

}  // namespace aft
