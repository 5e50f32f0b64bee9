// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace aft {

/// "2026-01-31T23:59:59.123456Z": in UTC with microseconds, as dbt writes times.
std::string UtcTimestamp(std::chrono::system_clock::time_point time);

}  // namespace aft
