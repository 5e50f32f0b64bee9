// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace aft {

/// The script at `path`, which is relative to `scripts_folder`, as an absolute path
/// without links.
///
/// Throws Error unless it is a regular file of a sensible size inside `project_folder`
/// with the suffix of a kind of script that can be run.
std::filesystem::path ResolveScript(const std::string& path,
                                    const std::filesystem::path& scripts_folder,
                                    const std::filesystem::path& project_folder);

/// Whether `path` is `folder` or below it; both absolute and without links.
bool IsInside(const std::filesystem::path& path, const std::filesystem::path& folder);

}  // namespace aft
