// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "plugin/project/manifest.h"

namespace aft {

/// What `dbt ls` says of the nodes that the user has selected, and the manifest that it
/// writes. Believes no listing that may have been lost on its way.
class NodeListing {
 public:
  /// Before the listing begins; dbt writes `manifest`.
  explicit NodeListing(std::filesystem::path manifest);

  /// Whether a line of the listing gives out a node. The others are for people.
  bool Take(const std::string& line);

  /// For a run in which no node is selected: takes the manifest that is there.
  void LeaveOut() {
    is_told_empty_ = true;
    old_manifest_ = {};
  }

  /// Whether dbt has told of an error in its log, for people to read.
  [[nodiscard]] bool has_told_error() const { return has_told_error_; }

  /// What keeps the nodes from being known, after `command` has ended so; empty where
  /// they are. A listing of nothing is believed where dbt says so, or `is_silenced`.
  [[nodiscard]] std::string Problem(const std::string& command, int exit_code,
                                    bool is_silenced) const;

  [[nodiscard]] const std::set<std::string>& nodes() const { return nodes_; }

  /// As ReadManifest() does. Throws Error for a manifest of an earlier run.
  [[nodiscard]] Manifest ReadNewManifest(const std::string& project) const;

 private:
  std::filesystem::path manifest_;
  std::filesystem::file_time_type old_manifest_;  ///< when an earlier run wrote it
  std::set<std::string> nodes_;
  bool is_told_empty_ = false;
  bool has_told_error_ = false;
};

}  // namespace aft
