// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "plugin/graph.h"
#include "plugin/staged_commands.h"

namespace aft {

/// The files by which a stage's dbt finds its nodes, and what it may defer to.
///
/// dbt 1.x picks nodes by a run_results.json in which each of them has failed: by their
/// unique ids, in one pass over its graph and in few words, however many they are.
class StageState {
 public:
  /// `folder` is private to this run; `deferred_to` holds the manifest of the user's
  /// `--defer`, or is empty.
  StageState(std::filesystem::path folder, std::filesystem::path deferred_to)
      : folder_(std::move(folder)), deferred_to_(std::move(deferred_to)) {}

  /// Has no node of `selected` be deferred: to a stage, those that an earlier one has
  /// built would look like nodes that the user has not selected. Throws Error.
  void KeepFromDeferral(const std::set<std::string>& selected);

  /// How a dbt of this version is to be told of `nodes`. Throws Error.
  [[nodiscard]] StageSelection Select(const std::vector<std::string>& nodes,
                                      const Graph& graph,
                                      const std::string& dbt_version) const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path deferred_to_;
  std::filesystem::path defer_folder_;  ///< of ours; empty where nothing is deferred
};

}  // namespace aft
