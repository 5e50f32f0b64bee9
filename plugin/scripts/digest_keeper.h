// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/project_config.h"

namespace aft {

/// Keeps the digests of scripts for a dbt that nobody follows: once it has ended, of the
/// manifest that it has written, if any.
class DigestKeeper {
 public:
  /// Made before dbt starts, so that a manifest of an earlier run is known.
  DigestKeeper(ProjectConfig project, std::filesystem::path target_folder);

  /// Returns what went wrong, a sentence; empty where nothing did. `may_bind` tells
  /// whether scripts may be bound: a manifest takes long to read. `invocation` is called
  /// where it is needed.
  [[nodiscard]] std::string Keep(bool may_bind,
                                 const std::function<DbtInvocation()>& invocation) const;

 private:
  ProjectConfig project_;
  std::filesystem::path target_folder_;
  std::filesystem::file_time_type old_manifest_;  ///< when an earlier run wrote it
};

}  // namespace aft
