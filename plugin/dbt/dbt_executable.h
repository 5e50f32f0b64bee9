// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace aft {

/// The dbt to start: `option` (of --aft-dbt) when given, else the first of
/// $VIRTUAL_ENV/bin/dbt, .venv/bin/dbt in the working folder, .venv/bin/dbt in
/// `project_folder`, and dbt on PATH. Throws Error that lists where it looked.
std::filesystem::path FindDbt(const std::string& option,
                              const std::filesystem::path& project_folder);

/// The interpreter that runs `dbt`, a script as pip installs it. Throws Error for any
/// other kind of program.
std::filesystem::path PythonOf(const std::filesystem::path& dbt);

/// The interpreter for scripts where any `dbt` may run: its own, where it is a script of
/// pip's; else the one in its folder, else python3 on PATH. Throws Error without one.
std::filesystem::path PythonBeside(const std::filesystem::path& dbt);

}  // namespace aft
