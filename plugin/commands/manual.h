// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace aft {

/// The manual page aft(1), for man(1).
std::string Manual();

}  // namespace aft
