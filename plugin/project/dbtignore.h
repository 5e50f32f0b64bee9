// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/project/project_config.h"

namespace aft {

/// The Python files below the model paths that dbt must not take for its own models: the
/// scripts among `scripts` (as FindBoundScripts() gives them) and the modules beside and
/// below them that define no `model` function. Relative to the project, sorted.
std::vector<std::string> FilesToPassOver(const ProjectConfig& project,
                                         const std::vector<std::string>& scripts);

/// Makes the marked block in the text of a .dbtignore hold `files`, as far as no other
/// line covers them. All other lines stay as they are.
std::string WithPassedOver(const std::string& text,
                           const std::vector<std::string>& files);

/// Brings the project's .dbtignore up to date and returns the files that it names anew.
/// Throws Error when it can't be written.
std::vector<std::string> UpdateDbtignore(const ProjectConfig& project,
                                         const std::vector<std::string>& scripts);

}  // namespace aft
