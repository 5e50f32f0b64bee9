// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace aft {

/// What dbt's words for the end of a node mean, in its events, its log and its results.
/// (dbt-core, contracts/results.py: RunStatus, TestStatus, FreshnessStatus)

/// Whether the node is there, or a source fresh enough, and what is below may be built.
[[nodiscard]] bool IsSuccess(std::string_view status);

/// Whether it is not, by a failure of its own. A node that is skipped has none.
[[nodiscard]] bool IsFailure(std::string_view status);

}  // namespace aft
