// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/project/project_config.h"
#include "plugin/project/schema_files.h"

namespace aft {

/// What is wrong with the files of `scripts`, as far as it is certain before dbt has
/// parsed the project: not where Jinja makes up a path, nor for a node that may be
/// disabled. A sentence each, which begins with the place of the binding.
std::vector<std::string> FileProblems(const std::vector<ExpectedScript>& scripts,
                                      const ProjectConfig& project);

}  // namespace aft
