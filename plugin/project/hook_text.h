// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace aft {

/// The function of aft, "write_to_model" or "write_to_source", that a Python text calls
/// whenever it runs, because the call is a statement of its own outside everything else;
/// empty where there is none. What depends on conditions is not known before.
std::string_view WriteAtTop(std::string_view text);

}  // namespace aft
