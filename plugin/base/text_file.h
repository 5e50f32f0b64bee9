// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace aft {

/// All of the file; nothing where it can't be read.
std::string ReadText(const std::filesystem::path& path);

}  // namespace aft
