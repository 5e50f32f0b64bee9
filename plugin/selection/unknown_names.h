// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/project/project_config.h"

namespace aft {

/// Names in a selection that look like those of scripts, while no script and no file of
/// dbt's has them. dbt takes them for nothing, and aft for nothing else.
struct UnknownNames {
  std::vector<std::string> warnings;  ///< a sentence each
  /// Likewise, where the selection has nothing else and so selects nothing.
  std::vector<std::string> problems;

  [[nodiscard]] bool empty() const { return warnings.empty() && problems.empty(); }
};

/// Paths from the project's folder.
struct KnownPaths {
  std::vector<std::string> scripts{};  // NOLINT(readability-redundant-member-init)
  /// As far as they are known: no selection can name these.
  std::vector<std::string> hooks{};  // NOLINT(readability-redundant-member-init)
};

/// Looks for them in the values of `--select` and `--exclude`.
UnknownNames FindUnknownNames(const std::vector<std::string>& select,
                              const std::vector<std::string>& exclude,
                              const KnownPaths& known, const ProjectConfig& project);

/// "; did you mean 'score.py'?" where `core` may be a misspelling of one of `scripts`, in
/// the form of name that was typed; or "".
std::string HintOfScript(const std::string& core,
                         const std::vector<std::string>& scripts);

}  // namespace aft
