// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/project/project_config.h"

namespace aft {

/// Names in a selection that look like those of scripts, while neither a script nor a
/// file of dbt's has them. dbt takes them for nothing, and aft for nothing else.
struct UnknownNames {
  std::vector<std::string> warnings;  ///< a sentence each
  /// Likewise, where the selection has nothing else and so selects nothing.
  std::vector<std::string> problems;

  [[nodiscard]] bool empty() const { return warnings.empty() && problems.empty(); }
};

/// Looks for them in the values of `--select` and `--exclude`. `scripts` are the paths,
/// from the project's folder, of all that may be selected.
UnknownNames FindUnknownNames(const std::vector<std::string>& select,
                              const std::vector<std::string>& exclude,
                              const std::vector<std::string>& scripts,
                              const ProjectConfig& project);

}  // namespace aft
