// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace aft {

/// All that a process prints until `is_enough` says so, or else to its end; cut at a time
/// out. Nothing of it reaches the user. Throws Error when it can't be started.
std::string OutputOf(std::vector<std::string> argv, std::vector<std::string> environment,
                     const std::function<bool(const std::string& text)>& is_enough);

}  // namespace aft
