// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "plugin/base/event_loop.h"
#include "plugin/scripts/script_executor.h"

namespace aft {

/// Runs each script to its final outcome: holds it to its time, tries again what may be
/// repeated, and stops everything on demand.
class ScriptRunner {
 public:
  struct Handlers {
    std::function<void(std::string_view line)> on_output;
    /// A try has failed; the next one follows after `delay`.
    std::function<void(const Outcome&, std::chrono::milliseconds delay)> on_retry;
    /// Called once, and not before Run() has returned.
    std::function<void(const Outcome&)> on_ended;
  };

  /// Both outlive this object.
  ScriptRunner(EventLoop& loop, ScriptExecutor& executor)
      : loop_(loop), executor_(executor) {}

  void Run(const Script& script, const NodeState& node, Handlers handlers);

  /// Lets all scripts stop, with SIGINT, and forces them after a grace period, or at once
  /// when called again. Nothing is tried again after that. `reason` is their message.
  void Interrupt(const std::string& reason);

  /// Ends all scripts at once.
  void Kill(const std::string& reason);

  [[nodiscard]] bool is_interrupted() const { return is_interrupted_; }
  /// The reason that was given first.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] bool IsIdle() const { return jobs_.empty(); }

 private:
  using JobId = std::uint64_t;

  struct Job {
    Script script;
    NodeState node;
    Handlers handlers;
    int tries = 0;
    ScriptExecutor::RunId run = 0;
    bool is_running = false;
    bool is_timed_out = false;
    Outcome last;
    std::optional<EventLoop::TimerId> timer;
  };

  void Start(JobId id);
  void TimeOut(JobId id);
  void EndTry(JobId id, const Outcome& outcome);
  void End(JobId id);
  [[nodiscard]] Outcome Explained(const Job& job, Outcome outcome) const;
  [[nodiscard]] bool IsRepeated(const Job& job, const Outcome& outcome) const;
  void SignalAll(int signal);

  EventLoop& loop_;
  ScriptExecutor& executor_;
  JobId next_id_ = 1;
  std::map<JobId, Job> jobs_;
  bool is_interrupted_ = false;
  std::string reason_;
};

}  // namespace aft
