// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "plugin/dbt/dbt_event.h"
#include "plugin/live/gate_answers.h"
#include "plugin/live/live_retry.h"
#include "plugin/live/running_dbt.h"
#include "plugin/scripts/schedule.h"
#include "plugin/scripts/script_turns.h"

namespace aft {

/// What dbt's threads wait for while they work on a node: the scripts that are due then.
class NodeTurns {
 public:
  using ConnectionId = GateAnswers::ConnectionId;

  /// All outlive this object; `retry` may come later.
  NodeTurns(GateAnswers& answers, Schedule& schedule, RunningDbt& dbt,
            std::optional<LiveRetry>& retry)
      : answers_(answers), schedule_(schedule), dbt_(dbt), retry_(retry) {}

  /// dbt is about to start a node. One below repeated scripts that have failed is
  /// skipped, as dbt would have it.
  void Start(ConnectionId connection, const std::string& node);
  /// dbt compiles a node, or has its result.
  void Turn(ConnectionId connection, const DbtEvent& event);
  /// dbt has compiled a node, and the ephemeral models above it.
  void Execute(ConnectionId connection, const std::string& node);
  /// dbt is done with a node: what is left of its scripts does not run.
  void SkipLeft(ConnectionId connection, const DbtEvent& event);

  /// Prints through dbt, and gives the verdict. With a node, what its scripts wrote is
  /// judged when they have succeeded, if it is known by then what its SQL reads.
  [[nodiscard]] ScriptTurns::Handlers HandlersFor(ConnectionId connection,
                                                  const std::string& node = "");

 private:
  void RunDue(ConnectionId connection, const DbtEvent& event);
  std::string ProblemAbove(ConnectionId connection, const std::string& node);

  GateAnswers& answers_;
  Schedule& schedule_;
  RunningDbt& dbt_;
  std::optional<LiveRetry>& retry_;
};

}  // namespace aft
