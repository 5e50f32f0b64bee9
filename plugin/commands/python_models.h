// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/project/project_config.h"

namespace aft {

/// The Python models of a project, whose placeholders dbt can read now.
struct PythonModels {
  std::vector<std::string> files;     ///< relative to the project
  std::vector<std::string> problems;  ///< a sentence each
  std::vector<std::string> warnings;  ///< likewise
};

/// Whether the project may have Python models, or placeholders that are left over.
bool MayHavePythonModels(const ProjectConfig& project);

/// Has `python` bring the placeholders up to date with the package `aft` in
/// `package_folder`. Throws Error where it can't run that.
PythonModels UpdatePythonModels(const ProjectConfig& project,
                                const std::filesystem::path& python,
                                const std::filesystem::path& package_folder);

}  // namespace aft
