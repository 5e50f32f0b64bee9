// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "plugin/commands/look_ahead.h"
#include "plugin/dbt/dbt_arguments.h"
#include "plugin/run/run.h"

namespace aft {

/// What dbt is to compare with where `arguments` select by state: a folder in which the
/// state's manifest differs from the project's at each node with a changed script, so
/// that dbt itself finds these nodes modified. Empty where dbt may take the user's own,
/// because no script has changed or nothing tells. Throws Error.
std::filesystem::path StateWithScripts(const DbtArguments& arguments,
                                       const ExpectedRun& expected,
                                       const RunOutput& output);

}  // namespace aft
