// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/script_path.h"

#include <unistd.h>

#include <algorithm>

#include "host_shim/error.h"

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
                     scripts_folder.native(), "'"));
  const fs::path resolved = fs::canonical(full, code);
  if (code) throw Error(Text("script '", path, "' cannot be reached: ", code.message()));
  if (!IsInside(resolved, fs::canonical(project_folder, code)) || code)
    throw Error(Text("script '", path, "' lies outside the project '",
                     project_folder.native(), "'; move it into the project"));
  if (!fs::is_regular_file(status))
    throw Error(Text("script '", path, "' is not a regular file"));
  return {resolved, CommandFor(path, resolved)};
}

}  // namespace aft
