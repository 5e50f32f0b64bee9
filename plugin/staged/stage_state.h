// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "plugin/project/graph.h"
#include "plugin/staged/staged_commands.h"

namespace aft {

/// The files by which a stage's dbt finds its nodes, what it may defer to, and what must
/// outlast it.
///
/// dbt 1.x picks nodes by a run_results.json in which each of them has failed: by their
/// unique ids, in one pass over its graph and in few words, however many they are.
class StageState {
 public:
  /// `folder` is private to this run.
  explicit StageState(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Has no node of `selected` be deferred to what the manifest in `deferred_to` says,
  /// the folder of the user's `--defer`, or empty: to a stage, those that an earlier one
  /// has built would look like nodes that the user has not selected. Throws Error.
  void KeepFromDeferral(const std::filesystem::path& deferred_to,
                        const std::set<std::string>& selected);

  /// A copy of the manifest, for whoever reads it while a stage's dbt writes its own,
  /// which it does in place. Throws Error.
  [[nodiscard]] std::filesystem::path KeepManifest(
      const std::filesystem::path& manifest) const;

  /// How a dbt of this version is to be told of `nodes`. Throws Error.
  [[nodiscard]] StageSelection Select(const std::vector<std::string>& nodes,
                                      const Graph& graph,
                                      const std::string& dbt_version) const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path defer_folder_;  ///< of ours; empty where nothing is deferred
};

}  // namespace aft
