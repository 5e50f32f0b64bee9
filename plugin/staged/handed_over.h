// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/scripts/bound_scripts.h"

namespace aft {

/// A run without scripts by dbt's listing, which dbt does alone and as it was typed.
class HandedOver {
 public:
  /// Made before dbt starts. `unlisted` are nodes with scripts that dbt has not listed.
  HandedOver(std::filesystem::path run_results, std::vector<NodeScripts> unlisted);

  /// Whether scripts are bound to any node.
  [[nodiscard]] bool BindsScripts() const { return !unlisted_.empty(); }
  /// Whether dbt has written results of this run.
  [[nodiscard]] bool HasResults() const;
  /// Why the run is no success: dbt has worked on a node with scripts after all. Or "".
  [[nodiscard]] std::string Problem() const;

 private:
  std::filesystem::path run_results_;
  std::vector<NodeScripts> unlisted_;
  std::filesystem::file_time_type old_results_;
};

}  // namespace aft
