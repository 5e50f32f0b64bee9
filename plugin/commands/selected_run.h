// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugin/commands/listing_run.h"

namespace aft {

/// A run, or a list, whose selection may choose scripts: has dbt list what the rest of
/// the selection selects, then goes on as the run of a selection without them.
class SelectedRun final : public ListingRun {
 public:
  /// Whether the selection may choose scripts, as far as the project's files tell. Throws
  /// Error where dbt would ignore them.
  static bool IsNeeded(const DbtStart& start);

  /// Starts a run for which it is not needed. Throws Error where the selection has
  /// nothing but names that look like those of scripts, and are of none.
  static std::unique_ptr<Run> StartOther(DbtStart& start);

  explicit SelectedRun(std::unique_ptr<DbtStart> start);

 private:
  void Listed() override;
  void Answered() override;
  void ListNodes(const ResolvedSelection& resolved);
  [[nodiscard]] std::vector<std::string> WordsFor(const ResolvedSelection& resolved);

  std::unique_ptr<JointGraph> graph_;
  std::unique_ptr<ScriptSelection> selection_;
};

}  // namespace aft
