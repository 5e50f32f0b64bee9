// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <csignal>
#include <map>
#include <utility>
#include <vector>

#include "host_shim/error.h"

namespace aft {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// Scripts that end when the test says so.
class HandDriven : public ScriptExecutor {
 public:
  RunId Run(const Script& /*script*/, const NodeState& /*node*/, OnOutput /*on_output*/,
            OnEnded on_ended) override {
    if (!problem.empty()) throw Error(problem);
    running[++last] = std::move(on_ended);
    return last;
  }

  void Signal(RunId run, int signal) override { signals.emplace_back(run, signal); }

  void End(RunId run, const Outcome& outcome) {
    const OnEnded on_ended = std::move(running.at(run));
    running.erase(run);
    on_ended(outcome);
  }

  std::string problem;  ///< why none can be started
  RunId last = 0;
  std::map<RunId, OnEnded> running;
  std::vector<std::pair<RunId, int>> signals;
};

Outcome Success() {
  Outcome outcome;
  outcome.succeeded = true;
  return outcome;
}

Outcome Failure(const std::string& message) {
  Outcome outcome;
  outcome.message = message;
  return outcome;
}

class ScriptRunnerTest : public testing::Test {
 protected:
  void Run(const ScriptLimits& limits) {
    Script script;
    script.limits = limits;
    runner_.Run(script, {"success"},
                {[](std::string_view) {},
                 [this](const Outcome& outcome, milliseconds delay) {
                   retries_.emplace_back(outcome.message, delay);
                 },
                 [this](const Outcome& outcome) { ended_.push_back(outcome); }});
  }

  /// Lets the loop work until `condition` holds.
  template <typename Condition>
  void LoopUntil(Condition condition) {
    while (!condition()) {
      pollfd entry{loop_.fd(), POLLIN, 0};
      ASSERT_GT(::poll(&entry, 1, 10'000), 0) << "nothing happens any more";
      loop_.Dispatch();
    }
  }

  EventLoop loop_;
  HandDriven scripts_;
  ScriptRunner runner_{loop_, scripts_};
  std::vector<std::pair<std::string, milliseconds>> retries_;
  std::vector<Outcome> ended_;
};

ScriptLimits Timeout(int ms) { return {milliseconds(ms), std::nullopt, std::nullopt}; }
ScriptLimits Retries(int number) { return {std::nullopt, std::nullopt, number}; }

TEST_F(ScriptRunnerTest, SaysHowAScriptEnded) {
  Run({});
  EXPECT_FALSE(runner_.IsIdle());

  scripts_.End(1, Failure("ValueError: no"));

  EXPECT_THAT(ended_, ElementsAre(Field(&Outcome::message, "ValueError: no")));
  EXPECT_TRUE(runner_.IsIdle());
}

TEST_F(ScriptRunnerTest, LetsAScriptFailThatCannotBeStarted) {
  scripts_.problem = "cannot make a channel to a script: Too many open files";
  Run({});
  EXPECT_THAT(ended_, IsEmpty());

  LoopUntil([this] { return runner_.IsIdle(); });

  EXPECT_THAT(ended_, ElementsAre(Field(&Outcome::message, scripts_.problem)));
}

TEST_F(ScriptRunnerTest, TerminatesAScriptWhoseTimeIsUp) {
  Run(Timeout(1));
  LoopUntil([this] { return !scripts_.signals.empty(); });
  EXPECT_THAT(scripts_.signals, ElementsAre(Pair(1, SIGTERM)));

  Outcome outcome = Failure("terminated");
  outcome.place = "a.py:3";
  outcome.traceback = "  File \"a.py\", line 3\n";
  scripts_.End(1, outcome);

  ASSERT_EQ(ended_.size(), 1);
  EXPECT_EQ(ended_[0].message, "timed out after 1ms (a.py:3)");
  EXPECT_EQ(ended_[0].traceback,
            "timed out after 1ms (a.py:3)\n  File \"a.py\", line 3\n");
}

TEST_F(ScriptRunnerTest, TakesTheResultOfAScriptThatEndsWellAfterItsTime) {
  Run(Timeout(1));
  LoopUntil([this] { return !scripts_.signals.empty(); });

  scripts_.End(1, Success());

  EXPECT_THAT(ended_, ElementsAre(Field(&Outcome::succeeded, true)));
}

TEST_F(ScriptRunnerTest, RepeatsWhatFailedAsOftenAsItMay) {
  Run(Retries(1));
  scripts_.End(1, Failure("first"));
  EXPECT_THAT(retries_, ElementsAre(Pair("first", milliseconds(1000))));
  EXPECT_THAT(ended_, IsEmpty());
  EXPECT_FALSE(runner_.IsIdle());

  LoopUntil([this] { return scripts_.last == 2; });
  scripts_.End(2, Failure("second"));

  EXPECT_THAT(ended_, ElementsAre(AllOf(Field(&Outcome::message, "second"),
                                        Field(&Outcome::tries, 2))));
}

TEST_F(ScriptRunnerTest, DoesNotRepeatASuccess) {
  Run(Retries(1));
  scripts_.End(1, Success());

  EXPECT_THAT(ended_, ElementsAre(Field(&Outcome::succeeded, true)));
  EXPECT_THAT(retries_, IsEmpty());
}

TEST_F(ScriptRunnerTest, DoesNotRepeatWhatMayHaveAppended) {
  Run(Retries(1));
  Outcome outcome = Failure("lost");
  outcome.may_repeat = false;
  scripts_.End(1, outcome);

  EXPECT_THAT(ended_,
              ElementsAre(Field(&Outcome::message, HasSubstr("not tried again"))));
  EXPECT_THAT(retries_, IsEmpty());
}

TEST_F(ScriptRunnerTest, AnInterruptEndsWhatRunsAndWhatWaits) {
  Run(Retries(1));
  Run({});
  scripts_.End(1, Failure("first"));

  runner_.Interrupt("interrupted");
  EXPECT_THAT(scripts_.signals, ElementsAre(Pair(2, SIGINT)));
  EXPECT_THAT(ended_, ElementsAre(Field(&Outcome::message, "interrupted")));
  runner_.Interrupt("interrupted");
  EXPECT_THAT(scripts_.signals, ElementsAre(Pair(2, SIGINT), Pair(2, SIGKILL)));

  scripts_.End(2, Failure("killed by SIGKILL"));
  EXPECT_EQ(ended_.at(1).message, "interrupted");
  EXPECT_TRUE(runner_.IsIdle());
}

TEST_F(ScriptRunnerTest, SaysHowMuchMemoryWasTaken) {
  ScriptLimits limits;
  limits.memory = 1 << 30;
  Run(limits);
  Run(limits);
  Outcome outcome = Failure("MemoryError");
  outcome.is_out_of_memory = true;
  outcome.peak_memory = 1 << 29;
  outcome.place = "a.py:3";
  scripts_.End(1, outcome);
  outcome = Failure("killed by SIGABRT");
  outcome.is_killed = true;
  outcome.peak_memory = 1 << 29;
  scripts_.End(2, outcome);

  EXPECT_EQ(ended_.at(0).message, "out of memory (limit 1G, peak 512M) (a.py:3)");
  EXPECT_EQ(ended_.at(1).message, "killed by SIGABRT; memory: limit 1G, peak 512M");
}

}  // namespace
}  // namespace aft
