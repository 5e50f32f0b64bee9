// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_turns.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "host_shim/error.h"
#include "plugin/scripts/script_output.h"

namespace aft {

ScriptTurns::ScriptTurns(EventLoop& loop, ScriptExecutor& executor,
                         const Console& console, Results& results,
                         std::filesystem::path logs_folder)
    : console_(console),
      results_(results),
      logs_folder_(std::move(logs_folder)),
      runner_(loop, executor) {}

void ScriptTurns::Start(std::vector<Script> scripts, NodeState node, Handlers handlers) {
  RunNext(
      {{std::make_move_iterator(scripts.begin()), std::make_move_iterator(scripts.end())},
       std::move(node),
       std::move(handlers)});
}

void ScriptTurns::RunNext(Turn turn) {
  if (turn.waiting.empty()) return turn.handlers.on_done(turn.problem);
  if (runner_.is_interrupted()) {
    if (!turn.has_begun && turn.handlers.on_left)
      return turn.handlers.on_left({turn.waiting.begin(), turn.waiting.end()});
    Skip({turn.waiting.begin(), turn.waiting.end()}, runner_.reason(), turn.handlers);
    if (turn.problem.empty())
      turn.problem = Text("its scripts did not run: ", runner_.reason());
    return turn.handlers.on_done(turn.problem);
  }
  const int priority = turn.waiting.front().priority;
  ready_.emplace(-priority, std::move(turn));
  RunReady();
}

void ScriptTurns::RunReady() {
  while (!ready_.empty() && (running_ < most_ || runner_.is_interrupted())) {
    Turn turn = std::move(ready_.extract(ready_.begin()).mapped());
    runner_.is_interrupted() ? RunNext(std::move(turn)) : Run(std::move(turn));
  }
}

void ScriptTurns::Run(Turn turn) {
  ++running_;
  turn.has_begun = true;
  const Script script = std::move(turn.waiting.front());
  turn.waiting.pop_front();
  turn.handlers.print(console_.Started(script), "info");
  const auto print = turn.handlers.print;
  const auto output = std::make_shared<ScriptOutput>(
      LogFile(logs_folder_, script.id),
      [print, script](const std::string& line, const char* level) {
        print(Console::Output(script, line), level);
      });
  ScriptRunner::Handlers handlers;
  handlers.on_output = [output](std::string_view line) { output->Add(line); };
  handlers.on_retry = [this, print, script](const Outcome& outcome,
                                            std::chrono::milliseconds delay) {
    print(console_.Retrying(script, outcome, delay), "warn");
  };
  const NodeState node = RunsBeforeNode(script.when) ? NodeState{} : turn.node;
  handlers.on_ended = [this, turn = std::move(turn), script,
                       output](const Outcome& outcome) {
    output->Finish();
    End(turn, script, outcome);
  };
  runner_.Run(script, node, std::move(handlers));
  // After the hand-over, so that the disk does not keep the script waiting.
  results_.Start(script);
}

void ScriptTurns::End(Turn turn, const Script& script, const Outcome& outcome) {
  results_.Finish(script, outcome);
  turn.handlers.print(console_.Ended(script, outcome, results_.SecondsSinceStart(script)),
                      outcome.succeeded ? "info" : "error");
  if (!outcome.succeeded) Break(turn, script, outcome.message);
  --running_;
  RunNext(std::move(turn));
  RunReady();
}

void ScriptTurns::Interrupt(const std::string& reason) {
  runner_.Interrupt(reason);
  RunReady();
}

void ScriptTurns::Kill(const std::string& reason) {
  runner_.Kill(reason);
  RunReady();
}

/// Hooks run whether or not one before them has failed, as post-hooks do when their node,
/// or the Python model that makes it, has failed.
void ScriptTurns::Break(Turn& turn, const Script& failed, const std::string& message) {
  const std::string what = Text(KindName(failed.when), " '", failed.name, "'");
  if (turn.problem.empty()) turn.problem = Text(what, " failed: ", message);
  // Where it belongs to the same turn, dbt does not build the node.
  if (failed.when == When::kPreHook || failed.is_model) turn.node.status = "error";
  const auto rest = std::stable_partition(
      turn.waiting.begin(), turn.waiting.end(), [&](const Script& next) {
        return (IsHook(failed.when) || failed.is_model) && IsHook(next.when);
      });
  Skip({rest, turn.waiting.end()}, what + " before it failed", turn.handlers);
  turn.waiting.erase(rest, turn.waiting.end());
}

void ScriptTurns::Skip(const std::vector<Script>& scripts, const std::string& reason,
                       const Handlers& handlers) {
  for (const Script& script : scripts) {
    results_.Skip(script, reason);
    handlers.print(console_.Skipped(script), "info");
  }
}

std::string ScriptTurns::Summary() const {
  return Console::Summary(
      {results_.Count(Results::Status::kSuccess), results_.Count(Results::Status::kError),
       results_.Count(Results::Status::kSkipped), results_.HasHooks()});
}

void ScriptTurns::ClearLogs() const {
  std::error_code ignored;
  std::filesystem::remove_all(logs_folder_, ignored);
}

}  // namespace aft
