// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace aft {

/// The unique ids of the nodes that succeeded, as dbt's run_results.json at `path` says.
/// None where there is no such file or it is of another shape: dbt can be told not to
/// write it.
std::vector<std::string> SucceededNodes(const std::filesystem::path& path);

}  // namespace aft
