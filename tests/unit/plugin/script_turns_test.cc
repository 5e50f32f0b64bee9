// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_turns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/support/noted_scripts.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

Script MakeScript(const std::string& id) {
  Script script;
  script.id = id;
  script.name = id + ".py";
  script.node_name = "orders";
  return script;
}

class ScriptTurnsTest : public testing::Test {
 protected:
  void Start(const std::vector<std::string>& ids) {
    std::vector<Script> scripts;
    for (const std::string& id : ids) scripts.push_back(MakeScript(id));
    turns_.Start(std::move(scripts), {}, Handlers());
  }

  ScriptTurns::Handlers Handlers() {
    return {[this](const std::string& line, const char*) { printed_.push_back(line); },
            [this](const std::string& problem) { done_.push_back(problem); }};
  }

  TemporaryFolder folder_;
  EventLoop loop_;
  NotedScripts scripts_;
  Console console_{40, false};
  Results results_{loop_, folder_.path(), {}};
  ScriptTurns turns_{loop_, scripts_, console_, results_, folder_.path() / "logs"};
  std::vector<std::string> printed_;
  std::vector<std::string> done_;
};

TEST_F(ScriptTurnsTest, RunsOneScriptAfterAnother) {
  Start({"a", "b"});
  EXPECT_THAT(scripts_.started, ElementsAre("a"));

  scripts_.End(1, true);
  EXPECT_THAT(scripts_.started, ElementsAre("a", "b"));
  EXPECT_THAT(done_, IsEmpty());
  scripts_.End(2, true);

  EXPECT_THAT(done_, ElementsAre(""));
  EXPECT_TRUE(turns_.IsIdle());
  EXPECT_EQ(results_.Count(Results::Status::kSuccess), 2);
}

TEST_F(ScriptTurnsTest, EndsWithTheFirstThatFails) {
  Start({"a", "b", "c"});

  scripts_.End(1, false);

  EXPECT_THAT(scripts_.started, ElementsAre("a"));
  EXPECT_THAT(done_, ElementsAre("script 'a.py' failed: ValueError: no"));
  EXPECT_EQ(results_.Count(Results::Status::kError), 1);
  EXPECT_EQ(results_.Count(Results::Status::kSkipped), 2);
  EXPECT_THAT(printed_, Contains(StartsWith("SKIP script c.py")));
}

TEST_F(ScriptTurnsTest, LetsTurnsOfSeveralNodesRunSideBySide) {
  Start({"a", "b"});
  Start({"c"});

  scripts_.End(2, true);

  EXPECT_THAT(scripts_.started, ElementsAre("a", "c"));
  EXPECT_THAT(done_, ElementsAre(""));
  EXPECT_FALSE(turns_.IsIdle());
}

TEST_F(ScriptTurnsTest, IsDoneAtOnceWithoutScripts) {
  Start({});

  EXPECT_THAT(done_, ElementsAre(""));
}

TEST_F(ScriptTurnsTest, StartsNoFurtherScriptAfterAnInterrupt) {
  Start({"a", "b"});

  turns_.Interrupt("interrupted");
  EXPECT_TRUE(scripts_.signals.contains(SIGINT));
  scripts_.End(1, true);
  Start({"c"});

  EXPECT_THAT(scripts_.started, ElementsAre("a"));
  EXPECT_EQ(done_.size(), 2);
  EXPECT_EQ(done_.back(), "its scripts did not run: interrupted");
  EXPECT_TRUE(turns_.is_interrupted());
}

TEST_F(ScriptTurnsTest, ForgetsWhatEarlierRunsHavePrinted) {
  folder_.Write("logs/old.log", "");

  turns_.ClearLogs();

  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "logs"));
}

}  // namespace
}  // namespace aft
