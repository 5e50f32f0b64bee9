// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/node_status.h"

#include <algorithm>
#include <array>

namespace aft {

bool IsSuccess(std::string_view status) {
  constexpr std::array<std::string_view, 5> kStatuses = {"success", "pass", "warn",
                                                         "no-op", "reused"};
  return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

bool IsFailure(std::string_view status) {
  constexpr std::array<std::string_view, 4> kStatuses = {"error", "fail", "runtime error",
                                                         "partial success"};
  return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

}  // namespace aft
