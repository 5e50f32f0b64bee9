// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace aft {

/// Words of a command as people would type them. Values of `--vars` with a secret in them
/// are left out.
std::string CommandLine(const std::vector<std::string>& words);

}  // namespace aft
