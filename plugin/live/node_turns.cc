// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/node_turns.h"

#include "host_shim/error.h"
#include "plugin/dbt/node_status.h"

namespace aft {

void NodeTurns::Start(ConnectionId connection, const std::string& node) {
  if (!retry_) return answers_.LetPass(connection);
  retry_->RunAbove(node, HandlersFor(connection).print,
                   [this, connection](const std::string& problem) {
                     problem.empty() ? answers_.LetPass(connection)
                                     : answers_.Skip(connection, problem);
                   });
}

void NodeTurns::Turn(ConnectionId connection, const DbtEvent& event) {
  if (event.kind == DbtEvent::Kind::kNodeResult) SkipLeft(connection, event);
  if (!retry_ || event.kind != DbtEvent::Kind::kNodeCompiling)
    return RunDue(connection, event);
  retry_->RunFor(event.node, HandlersFor(connection).print,
                 [this, connection, event](const std::string& problem) {
                   if (problem.empty())
                     RunDue(connection, event);
                   else
                     answers_.Refuse(connection, problem);
                 });
}

void NodeTurns::RunDue(ConnectionId connection, const DbtEvent& event) {
  // dbt says nothing more of an ephemeral node that it has compiled.
  const bool is_compiling = event.kind == DbtEvent::Kind::kNodeCompiling;
  if (is_compiling) {
    const std::string problem = ProblemAbove(connection, event.node);
    if (!problem.empty()) return answers_.Refuse(connection, problem);
  }
  ScriptTurns::Handlers handlers =
      HandlersFor(connection, is_compiling ? event.node : "");
  // A node that has failed keeps dbt's own message, whatever its hooks do.
  if (!is_compiling && !IsSuccess(event.status))
    handlers.on_done = [this, connection](const std::string&) {
      answers_.LetPass(connection);
    };
  dbt_.turns.Start(schedule_.TakeDue(event),
                   {is_compiling ? "success" : event.status, event.adapter_response},
                   handlers);
}

void NodeTurns::Execute(ConnectionId connection, const std::string& node) {
  HandlersFor(connection).on_done(ProblemAbove(connection, node));
}

/// dbt has compiled the ephemeral models above a node before it comes to the node or,
/// where it does not come to them, with the node.
std::string NodeTurns::ProblemAbove(ConnectionId connection, const std::string& node) {
  return dbt_.placeholders.ProblemAbove(node, answers_.Warn(connection));
}

ScriptTurns::Handlers NodeTurns::HandlersFor(ConnectionId connection,
                                             const std::string& node) {
  return {[this, connection](const std::string& line, const char* level) {
            answers_.Print(connection, line, level);
          },
          [this, connection, node](std::string problem) {
            if (problem.empty())
              problem = dbt_.placeholders.Problem(node, answers_.Warn(connection));
            if (problem.empty())
              answers_.LetPass(connection);
            else
              answers_.Refuse(connection, problem);
          }};
}

void NodeTurns::SkipLeft(ConnectionId connection, const DbtEvent& event) {
  if (IsFailure(event.status) && dbt_.results.HasFailed(event.node, When::kBefore))
    schedule_.GiveUpHooks(event.node);
  dbt_.turns.Skip(schedule_.TakeLeft(event),
                  Text("dbt left the node with status '", event.status, "'"),
                  HandlersFor(connection));
}

}  // namespace aft
