// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/project/project_config.h"

namespace aft {

/// A script that a YAML file binds.
struct ExpectedScript {
  std::string path;         ///< as written there
  std::string environment;  ///< its name
  bool is_of_source = false;
  std::string place;         ///< "models/schema.yml, line 7"
  std::string product;       ///< `fal` or `aft`
  std::string node;          ///< the nearest `name` above it
  bool is_switched = false;  ///< `enabled` stands beside or above it
};

/// What the project's YAML files say of scripts.
struct ExpectedScripts {
  std::vector<ExpectedScript> of_nodes;  ///< and of sources
  std::vector<ExpectedScript> of_runs;   ///< at the top level of a file
  std::vector<std::string> of_ignored;  ///< paths in files that .dbtignore keeps from dbt
  std::vector<std::string> problems;    ///< of scripts that do not run; a sentence each
  /// Whether `fal` or `aft`, or a misspelling of it, stands anywhere without such
  /// scripts.
  bool may_be_more = false;
};

/// Looks through the project's YAML files.
///
/// This is a look ahead, before dbt has parsed the project: it tells which files dbt must
/// pass over and whether a worker host will be needed. What runs is decided by the
/// manifest. Files that are not valid YAML are left for dbt to report.
ExpectedScripts FindBoundScripts(const ProjectConfig& project);

/// Whether the node of `script` may be disabled: only dbt can tell for sure.
bool MayBeDisabled(const ExpectedScript& script, const ProjectConfig& project);

/// Whether a SQL file of the project may bind a script, in a `config(meta=…)`: only dbt
/// can tell for sure.
bool MayBindInSql(const ProjectConfig& project);

}  // namespace aft
