// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/project/project_config.h"

namespace aft {

/// What a project's .dbtignore keeps from dbt.
class Dbtignore {
 public:
  explicit Dbtignore(const std::filesystem::path& project_folder);

  /// Whether dbt passes over `file`, which is relative to the project.
  [[nodiscard]] bool Covers(const std::filesystem::path& file) const;

 private:
  std::vector<std::string> lines_;
};

/// The Python files below the model paths that dbt must not take for its own models: the
/// scripts among `scripts`, which are relative to the project, and the modules beside and
/// below them that define no `model` function. By dbt's names for them, sorted.
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
