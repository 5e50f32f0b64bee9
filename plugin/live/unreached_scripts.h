// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/live/running_dbt.h"
#include "plugin/scripts/schedule.h"

namespace aft {

/// The scripts of nodes that dbt was going to work on and had not come to when it ended:
/// it sends no event of these.
class UnreachedScripts {
 public:
  /// Before the first node: all that dbt is going to work on, by unique id; nullopt where
  /// this dbt does not say. They are then those in its results.
  void Expect(const std::optional<std::vector<std::string>>& selected) {
    if (selected) selected_.emplace(selected->begin(), selected->end());
  }

  /// dbt has ended: takes what is left out of `schedule`, and records it as skipped. The
  /// `reason` completes "did not run because".
  void Record(Schedule& schedule, RunningDbt& dbt, const std::string& reason,
              bool is_interrupted);

  /// What people are told, a sentence each, after a dbt that ended with `exit_code`.
  [[nodiscard]] std::vector<std::string> Problems(int exit_code) const;

 private:
  std::optional<std::set<std::string>> selected_;
  std::set<std::string> nodes_;  ///< whose scripts did not run
  std::size_t count_ = 0;        ///< of these scripts
  std::string reason_;
};

}  // namespace aft
