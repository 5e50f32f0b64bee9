// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "plugin/project/script.h"
#include "plugin/scripts/node_state.h"
#include "plugin/scripts/outcome.h"

namespace aft {

/// Runs scripts and says how each ended. Knows no order among them.
class ScriptExecutor {
 public:
  using RunId = std::int64_t;
  using OnOutput = std::function<void(std::string_view line)>;
  using OnEnded = std::function<void(const Outcome&)>;

  ScriptExecutor() = default;
  ScriptExecutor(const ScriptExecutor&) = delete;
  ScriptExecutor& operator=(const ScriptExecutor&) = delete;
  virtual ~ScriptExecutor() = default;

  /// Starts `script`, bound to a node that dbt left as `node`. `on_ended` is
  /// called once, and not before this function has returned.
  virtual RunId Run(const Script& script, const NodeState& node, OnOutput on_output,
                    OnEnded on_ended) = 0;

  /// Sends `signal` to all processes of a run; nothing happens when it has ended.
  virtual void Signal(RunId run, int signal) = 0;
};

}  // namespace aft
