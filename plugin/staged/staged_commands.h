// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/dbt/dbt_arguments.h"
#include "plugin/project/project_config.h"
#include "plugin/run/run.h"

namespace aft {

/// The nodes of a stage, as its dbt is told of them.
struct StageSelection {
  std::vector<std::string> selectors;
  /// Takes the place of the user's `--state`; empty where no selector needs one.
  std::filesystem::path state_folder;
  /// Takes the place of what the user defers to; empty without `--defer`.
  std::filesystem::path defer_folder;
};

/// The commands of a run in stages, made of the one that the user typed.
class StagedCommands {
 public:
  /// `words` are those after `dbt`, without options of ours.
  StagedCommands(std::filesystem::path dbt, std::vector<std::string> words,
                 DbtVariables variables = DbtVariables());

  [[nodiscard]] const DbtArguments& arguments() const { return arguments_; }
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

  /// For `dbt retry` of a run that was called with `command` and `options`. What was
  /// typed now comes last, so that it wins, as far as dbt takes it: `--vars`,
  /// `--threads`, folders and what its console shows. (dbt-core, task/retry.py)
  [[nodiscard]] StagedCommands Repeating(const std::string& command,
                                         const std::vector<std::string>& options) const;

  /// The same command with this selection in place of the user's.
  [[nodiscard]] StagedCommands Selecting(const std::vector<std::string>& select,
                                         const std::vector<std::string>& exclude) const;

  /// Gives out the unique ids of what the user has selected, and writes the manifest.
  [[nodiscard]] Process Listing() const;

  /// The same for what `selector` selects by itself; all nodes where it is empty.
  [[nodiscard]] Process ListingOf(const std::string& selector) const;

  /// Whether the user has silenced dbt's warning that nothing is selected.
  [[nodiscard]] bool SilencesEmptiness() const;

  /// Runs the selected nodes, and no others.
  [[nodiscard]] Process Stage(const StageSelection& selection) const;

  /// The folder that the user of `project` defers to; empty without `--defer`. Throws
  /// Error for one without a folder.
  [[nodiscard]] std::filesystem::path DeferFolder(const ProjectConfig& project) const;

  /// What the user typed, to the letter.
  [[nodiscard]] Process AsTyped() const;

  /// Whether dbt's subcommand works on nodes of this resource type.
  [[nodiscard]] bool RunsType(const std::string& type) const;

 private:
  std::filesystem::path dbt_;
  std::vector<std::string> typed_;
  std::vector<std::string> words_;  ///< the same, but for those of a run that is repeated
  DbtArguments arguments_;
};

}  // namespace aft
