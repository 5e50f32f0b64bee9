// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/live_run.h"

#include <string_view>
#include <utility>

#include "host_shim/error.h"

namespace aft {

LiveRun::LiveRun(EventLoop& loop, ScriptHost& host, Setup setup, RunOutput output)
    : dbt_(std::move(setup.dbt)),
      unseen_(std::move(setup.unseen)),
      output_(std::move(output)),
      expects_scripts_(!setup.warm_up.empty()),
      follower_(
          loop, host,
          [this](DbtFollower::ConnectionId id, std::string_view line) {
            gate_.Send(id, line);
          },
          output_.write_output, std::move(setup.project), std::move(setup.warm_up)),
      gate_(loop, setup.socket,
            {[this](DbtFollower::ConnectionId id, std::string_view line) {
               return follower_.Receive(id, line);
             },
             [](DbtFollower::ConnectionId) {}}) {
  follower_.Choose(std::move(setup.choice));
  follower_.RunAround(std::move(setup.run_level));
}

Run::Next LiveRun::NextStep() {
  if (!std::exchange(has_started_, true)) return Next::kStart;
  if (!has_exited_ || !follower_.IsIdle()) return Next::kWait;
  follower_.Close();
  for (const std::string& problem : follower_.Problems(exit_code_)) Fail(problem);
  return Next::kEnd;
}

void LiveRun::CommandExited(int exit_code) {
  has_exited_ = true;
  exit_code_ = exit_code;
  follower_.DbtEnded(exit_code);
  if (exit_code != 0 || follower_.HasMetGate()) return;
  const std::string problem = unseen_.Problem();
  if (!problem.empty()) Fail(problem);
}

void LiveRun::Fail(const std::string& problem) {
  output_.write_error(Text("aft: ", problem, "\n"));
  if (exit_code_ == 0) exit_code_ = 1;
}

bool LiveRun::StopsWithoutReader() const {
  return expects_scripts_ || follower_.BindsScripts();
}

}  // namespace aft
