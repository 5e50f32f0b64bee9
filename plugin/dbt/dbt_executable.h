// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace aft {

/// The dbt to start: `option` (of --aft-dbt) when given, else the first of dbt beside aft
/// where that is in a virtual environment, $VIRTUAL_ENV/bin/dbt, .venv/bin/dbt in the
/// working folder, .venv/bin/dbt in `project_folder`, and dbt on PATH; nothing where
/// there is none. A name of aft itself does not count. Throws Error if `option` names no
/// dbt.
std::optional<std::filesystem::path> FindDbt(const std::string& option,
                                             const std::filesystem::path& project_folder);

/// The interpreter of the first of these places that has one.
std::optional<std::filesystem::path> FindPython(
    const std::filesystem::path& project_folder);

/// The interpreter that a script names in its first lines, and the flags beside it.
struct NamedPython {
  std::filesystem::path path;
  std::vector<std::string> flags;

  /// Whether it takes no modules from PYTHONPATH.
  [[nodiscard]] bool IgnoresPath() const;
};

/// The interpreter of `dbt` where that is a script as pip, uv and conda install it; for
/// wrappers and other programs nothing.
std::optional<NamedPython> PythonNamedBy(const std::filesystem::path& dbt);

/// Whether a program is compiled, and no script.
bool IsBinary(const std::filesystem::path& program);

/// PYTHONPATH as a dbt is to be given it, "PYTHONPATH=…": `folder` before what is there.
std::string PythonPathWith(const std::filesystem::path& folder);

/// The interpreter for scripts where that of `dbt` is not known: the one in its folder,
/// else python3 on PATH. Throws Error without one.
std::filesystem::path PythonBeside(const std::filesystem::path& dbt);

}  // namespace aft
