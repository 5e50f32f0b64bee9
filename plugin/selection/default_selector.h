// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace aft {

/// Whether the project in `folder` may have a selector that dbt uses where the command
/// line has none. A `default` that dbt has to render counts as one, and so does a file
/// that can't be read. (dbt documentation: "YAML selectors", "default")
bool MayHaveDefaultSelector(const std::filesystem::path& folder);

}  // namespace aft
