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
    turns_.Start(std::move(scripts), {"success"}, Handlers());
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

TEST_F(ScriptTurnsTest, StartsTheHighestPriorityFirstWhereOthersWait) {
  turns_.AllowAtOnce(1);
  Start({"a", "last"});
  for (const auto& [id, priority] : {std::pair{"low", -1}, {"first", 2}, {"second", 2}}) {
    Script script = MakeScript(id);
    script.priority = priority;
    turns_.Start({script}, {"success"}, Handlers());
  }
  EXPECT_THAT(scripts_.started, ElementsAre("a"));

  for (int run = 1; run <= 5; ++run) scripts_.End(run, true);

  EXPECT_THAT(scripts_.started, ElementsAre("a", "first", "second", "last", "low"));
  EXPECT_EQ(done_.size(), 4U);
  EXPECT_TRUE(turns_.IsIdle());
}

TEST_F(ScriptTurnsTest, SkipsWhatWaitsWhenInterrupted) {
  turns_.AllowAtOnce(1);
  Start({"a"});
  Start({"b"});

  turns_.Interrupt("interrupted");
  EXPECT_THAT(done_, ElementsAre("its scripts did not run: interrupted"));
  scripts_.End(1, false);

  EXPECT_THAT(scripts_.started, ElementsAre("a"));
  EXPECT_TRUE(turns_.IsIdle());
}

TEST_F(ScriptTurnsTest, GivesBackTurnsThatHaveNotBegun) {
  std::vector<std::string> left;
  ScriptTurns::Handlers handlers = Handlers();
  handlers.on_left = [&](const std::vector<Script>& scripts) {
    for (const Script& script : scripts) left.push_back(script.id);
  };
  Script first = MakeScript("first");
  first.priority = 1;
  turns_.AllowAtOnce(0);
  turns_.Start({MakeScript("b"), MakeScript("c")}, {"success"}, handlers);
  turns_.Start({first, MakeScript("d")}, {"success"}, handlers);
  turns_.AllowAtOnce(1);
  ASSERT_THAT(scripts_.started, ElementsAre("first"));

  turns_.Interrupt("interrupted");
  scripts_.End(1, false);

  EXPECT_THAT(left, ElementsAre("b", "c"));
  EXPECT_EQ(done_.size(), 1U);
  EXPECT_EQ(results_.Count(Results::Status::kSkipped), 1);
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

TEST_F(ScriptTurnsTest, RunsAllHooksWhicheverOfThemFails) {
  std::vector<Script> scripts;
  for (const auto& [id, when] : {std::pair{"before", When::kBefore},
                                 {"pre1", When::kPreHook},
                                 {"pre2", When::kPreHook},
                                 {"post1", When::kPostHook},
                                 {"post2", When::kPostHook},
                                 {"after", When::kAfter}}) {
    scripts.push_back(MakeScript(id));
    scripts.back().when = when;
  }
  turns_.Start(scripts, {"success"}, Handlers());

  for (const auto& [run, succeeds] :
       {std::pair{1, true}, {2, false}, {3, true}, {4, false}, {5, true}})
    scripts_.End(run, succeeds);

  EXPECT_THAT(scripts_.started, ElementsAre("before", "pre1", "pre2", "post1", "post2"));
  EXPECT_THAT(scripts_.statuses, ElementsAre("", "", "", "error", "error"));
  EXPECT_THAT(done_, ElementsAre("pre-hook 'pre1.py' failed: ValueError: no"));
  EXPECT_EQ(results_.Count(Results::Status::kSkipped), 1);
}

TEST_F(ScriptTurnsTest, RunsPostHooksBehindAPythonModelThatFails) {
  std::vector<Script> scripts = {MakeScript("model"), MakeScript("post"),
                                 MakeScript("after")};
  scripts[0].is_model = true;
  scripts[1].when = When::kPostHook;
  turns_.Start(scripts, {"success"}, Handlers());

  scripts_.End(1, false);
  scripts_.End(2, true);

  EXPECT_THAT(scripts_.started, ElementsAre("model", "post"));
  EXPECT_EQ(scripts_.statuses.back(), "error");
  EXPECT_THAT(done_, ElementsAre("script 'model.py' failed: ValueError: no"));
}

TEST_F(ScriptTurnsTest, RunsNoHookBehindAScriptThatFails) {
  std::vector<Script> scripts = {MakeScript("before"), MakeScript("post")};
  scripts[0].when = When::kBefore;
  scripts[1].when = When::kPostHook;
  turns_.Start(scripts, {"success"}, Handlers());

  scripts_.End(1, false);

  EXPECT_THAT(printed_, Contains(StartsWith("SKIP post-hook post.py of orders ")));
  EXPECT_THAT(done_, ElementsAre("script 'before.py' failed: ValueError: no"));
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
