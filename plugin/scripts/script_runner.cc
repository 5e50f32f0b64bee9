// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_runner.h"

#include <algorithm>
#include <csignal>
#include <utility>
#include <vector>

#include "host_shim/error.h"

namespace aft {
namespace {

using std::chrono::milliseconds;

// What a script gets to end by itself after SIGINT or SIGTERM.
constexpr std::chrono::seconds kGrace{5};

constexpr milliseconds kShortestDelay{1'000};
constexpr milliseconds kLongestDelay{60'000};

milliseconds DelayAfter(int tries) {
  milliseconds delay = kShortestDelay;
  for (int i = 1; i < tries && delay < kLongestDelay; ++i) delay *= 2;
  return std::min(delay, kLongestDelay);
}

/// Gives the outcome a message that the traceback below it does not say.
void Explain(Outcome& outcome, const std::string& message) {
  outcome.message = message;
  if (!outcome.traceback.empty())
    outcome.traceback = Text(message, "\n", outcome.traceback);
}

std::string MemoryInWords(const ScriptLimits& limits, std::int64_t peak) {
  if (!limits.memory) return Text("peak ", SizeInWords(peak));
  return Text("limit ", SizeInWords(*limits.memory), ", peak ", SizeInWords(peak));
}

}  // namespace

void ScriptRunner::Run(const Script& script, const NodeState& node, Handlers handlers) {
  const JobId id = next_id_++;
  Job& job = jobs_[id];
  job.script = script;
  job.node = node;
  job.handlers = std::move(handlers);
  Start(id);
}

void ScriptRunner::Start(JobId id) {
  Job& job = jobs_.at(id);
  ++job.tries;
  job.is_running = true;
  job.is_timed_out = false;
  job.timer.reset();
  try {
    job.run = executor_.Run(
        job.script, job.node,
        [this, id](std::string_view line) { jobs_.at(id).handlers.on_output(line); },
        [this, id](const Outcome& outcome) { EndTry(id, outcome); });
  } catch (const Error& error) {
    // One script that can't be started is no reason to give up the others.
    Outcome outcome;
    outcome.message = error.what();
    loop_.After(milliseconds(0), [this, id, outcome] { EndTry(id, outcome); });
    return;
  }
  if (job.script.limits.timeout)
    job.timer = loop_.After(*job.script.limits.timeout, [this, id] { TimeOut(id); });
}

void ScriptRunner::TimeOut(JobId id) {
  Job& job = jobs_.at(id);
  job.is_timed_out = true;
  executor_.Signal(job.run, SIGTERM);
  const ScriptExecutor::RunId run = job.run;
  job.timer = loop_.After(kGrace, [this, run] { executor_.Signal(run, SIGKILL); });
}

void ScriptRunner::EndTry(JobId id, const Outcome& outcome) {
  Job& job = jobs_.at(id);
  job.is_running = false;
  if (job.timer) loop_.Cancel(*job.timer);
  job.timer.reset();
  job.last = Explained(job, outcome);
  job.last.tries = job.tries;
  if (!IsRepeated(job, outcome)) return End(id);
  const milliseconds delay = DelayAfter(job.tries);
  job.timer = loop_.After(delay, [this, id] { Start(id); });
  job.handlers.on_retry(job.last, delay);
}

void ScriptRunner::End(JobId id) {
  const auto found = jobs_.find(id);
  const Job job = std::move(found->second);
  jobs_.erase(found);
  job.handlers.on_ended(job.last);
}

Outcome ScriptRunner::Explained(const Job& job, Outcome outcome) const {
  if (outcome.succeeded) return outcome;
  const ScriptLimits& limits = job.script.limits;
  const std::string place = outcome.place.empty() ? "" : Text(" (", outcome.place, ")");
  if (is_interrupted()) {
    outcome.message = reason_;
    outcome.traceback.clear();
  } else if (job.is_timed_out && limits.timeout) {
    Explain(outcome, Text("timed out after ", InWords(*limits.timeout), place));
  } else if (outcome.is_out_of_memory) {
    Explain(outcome, Text("out of memory (", MemoryInWords(limits, outcome.peak_memory),
                          ")", place));
  } else if (outcome.is_killed) {
    const std::string memory = MemoryInWords(limits, outcome.peak_memory);
    Explain(outcome, Text(outcome.message, place, "; memory: ", memory));
  }
  const bool has_tries_left = job.tries <= limits.retries.value_or(0);
  if (has_tries_left && !outcome.may_repeat && !is_interrupted())
    outcome.message += "; not tried again because it may have appended rows";
  return outcome;
}

bool ScriptRunner::IsRepeated(const Job& job, const Outcome& outcome) const {
  return !outcome.succeeded && outcome.may_repeat && !is_interrupted() &&
         job.tries <= job.script.limits.retries.value_or(0);
}

void ScriptRunner::Interrupt(const std::string& reason) {
  if (is_interrupted()) return Kill(reason);
  is_interrupted_ = true;
  reason_ = reason;
  SignalAll(SIGINT);
  loop_.After(kGrace, [this] { SignalAll(SIGKILL); });
}

void ScriptRunner::Kill(const std::string& reason) {
  if (!is_interrupted()) reason_ = reason;
  is_interrupted_ = true;
  SignalAll(SIGKILL);
}

void ScriptRunner::SignalAll(int signal) {
  std::vector<JobId> waiting;
  for (auto& [id, job] : jobs_) {
    if (job.is_running)
      executor_.Signal(job.run, signal);
    else
      waiting.push_back(id);
  }
  for (const JobId id : waiting) {
    Job& job = jobs_.at(id);
    if (job.timer) loop_.Cancel(*job.timer);
    job.last = Explained(job, job.last);
    End(id);
  }
}

}  // namespace aft
