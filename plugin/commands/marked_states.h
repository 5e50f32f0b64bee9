// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace aft {

/// Copies of states for dbt to compare with, in which some nodes differ from any project.
///
/// A folder of theirs is named by what is in it and never changes, because another dbt
/// may read it. The newest few are kept for `dbt retry`.
class MarkedStates {
 public:
  explicit MarkedStates(const std::filesystem::path& target_folder)
      : target_folder_(target_folder), folder_(target_folder / "aft" / "state") {}

  /// Whether `state` is one of them.
  [[nodiscard]] bool Has(const std::filesystem::path& state) const {
    return state.parent_path() == folder_;
  }

  /// A copy of `state`, with all that dbt reads there, in which dbt finds each node of
  /// `changed` modified. Throws Error and std::filesystem::filesystem_error.
  [[nodiscard]] std::filesystem::path Make(const std::filesystem::path& state,
                                           const std::set<std::string>& changed) const;

 private:
  void RemoveOld(const std::filesystem::path& made) const;

  std::filesystem::path target_folder_;
  std::filesystem::path folder_;
};

}  // namespace aft
