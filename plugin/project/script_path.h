// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/project/project_config.h"

namespace aft {

/// A file that can be run as a script.
struct ScriptFile {
  std::filesystem::path path;        ///< absolute, by the project's name for it
  std::vector<std::string> command;  ///< that runs it; empty for Python and notebooks
};

/// The script at `path`, which is relative to `scripts_folder`.
///
/// Throws Error unless it is a regular file inside the project and of a kind that can be
/// run: Python (.py) or a notebook (.ipynb) of a sensible size, R (.R), or any executable
/// file. Inside is what lies, links resolved, in `project_folder` or beside the file that
/// dbt_project.yml there may be a link to: such a folder of links stands for the project.
ScriptFile ResolveScript(const std::string& path,
                         const std::filesystem::path& scripts_folder,
                         const std::filesystem::path& project_folder);

/// The path of a script from the project's folder, as people name it; `path` is as they
/// bind it, which for a Python model begins there.
std::string FromProject(const std::string& path, bool is_model,
                        const ProjectConfig& project);

/// Whether `path` is `folder` or below it, by their names; both absolute.
bool IsInside(const std::filesystem::path& path, const std::filesystem::path& folder);

}  // namespace aft
