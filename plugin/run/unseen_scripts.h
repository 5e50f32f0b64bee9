// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace aft {

/// The scripts of a run that dbt has done without aft: a dbt that does not load the gate
/// must not pass for success where scripts are bound.
class UnseenScripts {
 public:
  struct Setup {
    std::filesystem::path dbt;
    std::filesystem::path manifest;  ///< where dbt writes it
    std::string project;             ///< its name
    bool are_expected = false;       ///< the project's files bind some
    bool are_of_sources = false;     ///< or else of models, seeds and snapshots
    std::set<std::string> packages;  ///< whose scripts may run as well
  };

  /// Made before dbt starts, so that a manifest of an earlier run is known.
  explicit UnseenScripts(Setup setup);

  /// Why a run that dbt has ended with success is none; empty without scripts.
  [[nodiscard]] std::string Problem() const;

 private:
  [[nodiscard]] bool AreBound() const;

  Setup setup_;
  std::filesystem::file_time_type old_manifest_;  ///< when an earlier run wrote it
};

}  // namespace aft
