// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace aft {

/// What a script is told of its node.
struct NodeState {
  std::string status;  ///< dbt's; empty where the node has none yet
  /// What the database has answered, as dbt's JSON object of it; empty where dbt has
  /// none.
  std::string adapter_response{};  // NOLINT(readability-redundant-member-init)
};

}  // namespace aft
