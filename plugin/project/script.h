// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plugin/project/environment.h"
#include "plugin/project/script_binding.h"

namespace aft {

/// A script bound to a node, ready to be run.
struct Script {
  /// Unique in a run, and the same in each run: its node, when it runs and its path.
  std::string id;
  std::string name;       ///< its path as the user wrote it
  bool is_model = false;  ///< a Python model, whose path begins at the project
  std::string file;       ///< absolute
  std::string node;       ///< unique id
  std::string node_name;
  std::vector<std::string> program;  ///< the command, where it is no Python
  When when = When::kAfter;
  std::string arguments;  ///< a JSON object, or empty
  ScriptLimits limits;
  int priority = 0;  ///< of those that wait, the highest starts first
  std::string environment = kLocalEnvironment;  ///< its name
};

/// Whether `a` comes before `b` at their node. A Python model is what its hooks stand
/// around.
inline bool ComesBefore(const Script& a, const Script& b) {
  const auto place = [](const Script& script) {
    return script.is_model ? std::pair(When::kPreHook, 1) : std::pair(script.when, 0);
  };
  return place(a) < place(b);
}

}  // namespace aft
