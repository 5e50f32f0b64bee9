// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/script_path.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "host_shim/edit_distance.h"
#include "host_shim/error.h"
#include "plugin/project/project_config.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestScript = std::uintmax_t{16} << 20U;

/// What runs the file; empty for what Python itself reads.
std::vector<std::string> CommandFor(const std::string& path, const fs::path& file) {
  const std::string extension = file.extension();
  if (extension == ".py" || extension == ".ipynb") {
    if (fs::file_size(file) > kLargestScript)
      throw Error(Text("script '", path, "' has more than 16 MiB"));
    return {};
  }
  // Without the user's saved workspace, which would make runs differ (Rscript, "Usage").
  if (extension == ".R" || extension == ".r") return {"Rscript", "--no-save", file};
  if (::access(file.c_str(), X_OK) == 0) return {file};
  throw Error(Text("script '", path, "' is neither Python (.py, .ipynb) nor R (.R) nor ",
                   "executable; make it executable with: chmod +x '", path, "'"));
}

/// "; did you mean 'scripts/a.py'?", for a file beside the one that is missing, or "".
std::string Suggestion(const std::string& path, const fs::path& missing) {
  std::vector<std::string> names;
  std::error_code code;
  fs::directory_iterator entry(missing.parent_path(), code);
  for (; !code && entry != fs::directory_iterator(); entry.increment(code))
    if (entry->is_regular_file(code)) names.push_back(entry->path().filename());
  std::sort(names.begin(), names.end());
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string_view closest = ClosestName(missing.filename().native(), known);
  if (closest.empty()) return "";
  return Text("; did you mean '", fs::path(path).replace_filename(closest).native(),
              "'?");
}

/// Whether `file`, which is without links, is one of the project's.
bool IsOfProject(const fs::path& file, const fs::path& project_folder) {
  std::error_code code;
  const fs::path folder = fs::canonical(project_folder, code);
  if (code) return false;
  if (IsInside(file, folder)) return true;
  const fs::path project_file = fs::canonical(folder / kProjectFile, code);
  return !code && IsInside(file, project_file.parent_path());
}

}  // namespace

bool IsInside(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

ScriptFile ResolveScript(const std::string& path, const fs::path& scripts_folder,
                         const fs::path& project_folder) {
  const fs::path full = scripts_folder / path;
  std::error_code code;
  const fs::file_status status = fs::status(full, code);
  if (!fs::exists(status))
    throw Error(Text("script '", path, "' does not exist; it is looked for in '",
                     scripts_folder.native(), "'", Suggestion(path, full)));
  const fs::path resolved = fs::canonical(full, code);
  if (code) throw Error(Text("script '", path, "' cannot be reached: ", code.message()));
  if (!IsOfProject(resolved, project_folder))
    throw Error(Text("script '", path, "' lies outside the project '",
                     project_folder.native(), "'; move it into the project"));
  if (!fs::is_regular_file(status))
    throw Error(Text("script '", path, "' is not a regular file"));
  const fs::path named = AsNamed(full);
  return {named, CommandFor(path, named)};
}

std::string FromProject(const std::string& path, bool is_model,
                        const ProjectConfig& project) {
  if (is_model) return path;
  return (fs::path(project.scripts_path) / path).lexically_normal();
}

}  // namespace aft
