// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace aft {

/// Names by which a selection may take scripts and Python models of the project at or
/// above `folder`, for the completion of shells: as short as they can be. Reads the
/// project's files and starts nothing, so that it takes no time that people notice.
std::vector<std::string> ScriptNames(const std::filesystem::path& folder);

}  // namespace aft
