// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/expected_files.h"

#include "host_shim/error.h"
#include "plugin/project/script_path.h"

namespace aft {

std::vector<std::string> FileProblems(const std::vector<ExpectedScript>& scripts,
                                      const ProjectConfig& project) {
  std::vector<std::string> problems;
  for (const ExpectedScript& script : scripts) {
    if (HasJinja(script.path)) continue;
    try {
      (void)ResolveScript(script.path, project.folder / project.scripts_path,
                          project.folder);
    } catch (const Error& error) {
      // All problems are reported together, so that they can be mended together.
      if (!MayBeDisabled(script, project))
        problems.push_back(Text(script.place, ": ", error.what()));
    }
  }
  return problems;
}

}  // namespace aft
