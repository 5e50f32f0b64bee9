// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace aft {

// What dbt ends with, and aft as well.
inline constexpr int kSomeFailed = 1;  ///< nodes or scripts failed or were interrupted
inline constexpr int kNotBegun = 2;    ///< the run could not even begin

}  // namespace aft
