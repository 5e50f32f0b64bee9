// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>

#include "plugin/scripts/bound_scripts.h"
#include "plugin/scripts/results.h"

namespace aft {

/// The scripts that a selection by their names takes. By default it takes those of the
/// nodes that dbt selects, all of them. Hooks go with their node; without it, those run
/// that are chosen.
struct ScriptChoice {
  std::optional<std::set<std::string>> scripts;  ///< by id; nullopt for all
  std::set<std::string> alone;  ///< those of nodes that dbt does not work on
  bool selects_nodes = true;    ///< whether dbt has anything to do
  /// Whether it takes Python models as well, which go with their nodes.
  bool takes_models = false;

  /// Takes all others out of `bound`, and marks nodes whose scripts run without them.
  /// `results` keep the choice for a retry.
  void Apply(BoundScripts& bound, Results& results) const;
};

}  // namespace aft
