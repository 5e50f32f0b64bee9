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
};

/// The scripts that the project's YAML files bind.
///
/// This is a look ahead, before dbt has parsed the project: it tells which files dbt must
/// pass over and whether a worker host will be needed. What runs is decided by the
/// manifest. Files that are not valid YAML are left for dbt to report.
std::vector<ExpectedScript> FindBoundScripts(const ProjectConfig& project);

/// Whether a SQL file of the project may bind a script, in a `config(meta=…)`: only dbt
/// can tell for sure.
bool MayBindInSql(const ProjectConfig& project);

}  // namespace aft
