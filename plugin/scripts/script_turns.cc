// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_turns.h"

#include <chrono>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>

#include "host_shim/error.h"
#include "plugin/scripts/script_output.h"

namespace aft {

struct ScriptTurns::Turn {
  std::deque<Script> waiting;
  NodeStatus node_status;
  Handlers handlers;
};

ScriptTurns::ScriptTurns(EventLoop& loop, ScriptExecutor& executor,
                         const Console& console, Results& results,
                         std::filesystem::path logs_folder)
    : console_(console),
      results_(results),
      logs_folder_(std::move(logs_folder)),
      runner_(loop, executor) {}

void ScriptTurns::Start(std::vector<Script> scripts, const NodeStatus& node_status,
                        Handlers handlers) {
  RunNext(
      {{std::make_move_iterator(scripts.begin()), std::make_move_iterator(scripts.end())},
       node_status,
       std::move(handlers)});
}

void ScriptTurns::RunNext(Turn turn) {
  if (turn.waiting.empty()) return turn.handlers.on_done("");
  if (runner_.is_interrupted()) {
    Skip({turn.waiting.begin(), turn.waiting.end()}, runner_.reason(), turn.handlers);
    return turn.handlers.on_done(Text("its scripts did not run: ", runner_.reason()));
  }
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
  const std::string node_status =
      script.when == When::kAfter ? turn.node_status.after : turn.node_status.before;
  handlers.on_ended = [this, turn = std::move(turn), script,
                       output](const Outcome& outcome) {
    output->Finish();
    End(turn, script, outcome);
  };
  runner_.Run(script, node_status, std::move(handlers));
  // After the hand-over, so that the disk does not keep the script waiting.
  results_.Start(script);
}

void ScriptTurns::End(Turn turn, const Script& script, const Outcome& outcome) {
  results_.Finish(script, outcome);
  turn.handlers.print(console_.Ended(script, outcome, results_.SecondsSinceStart(script)),
                      outcome.succeeded ? "info" : "error");
  if (outcome.succeeded) return RunNext(std::move(turn));
  Skip({turn.waiting.begin(), turn.waiting.end()},
       Text("script '", script.name, "' before it failed"), turn.handlers);
  turn.handlers.on_done(Text("script '", script.name, "' failed: ", outcome.message));
}

void ScriptTurns::Skip(const std::vector<Script>& scripts, const std::string& reason,
                       const Handlers& handlers) {
  for (const Script& script : scripts) {
    results_.Skip(script, reason);
    handlers.print(console_.Skipped(script), "info");
  }
}

std::string ScriptTurns::Summary() const {
  return Console::Summary(results_.Count(Results::Status::kSuccess),
                          results_.Count(Results::Status::kError),
                          results_.Count(Results::Status::kSkipped));
}

void ScriptTurns::ClearLogs() const {
  std::error_code ignored;
  std::filesystem::remove_all(logs_folder_, ignored);
}

}  // namespace aft
