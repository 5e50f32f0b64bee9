// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/run_level_scripts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/shop.h"
#include "tests/support/staged_driver.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// a, and b below it; a script after a.
Shop TwoModels() {
  return Shop({{"a", false, {}, {}, {"a.py"}}, {"b", false, {0}, {}, {}}});
}

ScriptBinding RunLevel(When when) {
  ScriptBinding binding;
  binding.when = when;
  binding.path = "a.py";
  return binding;
}

TEST(RunLevelScripts, RunBeforeTheFirstNodeAndAfterTheLast) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path(), {"build"},
                      {RunLevel(When::kAfter), RunLevel(When::kBefore)});
  driver.List({"b"});
  EXPECT_FALSE(driver.Starts());
  EXPECT_THAT(driver.scripts.started, ElementsAre("script.run.before.a.py"));

  driver.scripts.End(1, true);
  ASSERT_TRUE(driver.Starts());
  driver.WriteRunResults({{"b", "error"}});
  driver.run.CommandExited(1);

  EXPECT_FALSE(driver.HasEnded());
  EXPECT_EQ(driver.scripts.started.back(), "script.run.after.a.py");
  driver.scripts.End(2, true);
  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 1);
}

TEST(RunLevelScripts, KeepNodesFromBeingBuiltWhereOneBeforeTheRunFailed) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path(), {"build"},
                      {RunLevel(When::kAfter), RunLevel(When::kBefore)});
  driver.List({"b"});

  driver.scripts.End(1, false);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 1);
  EXPECT_EQ(shop.Results().at("script.run.after.a.py"), "skipped");
}

TEST(RunLevelScripts, DoNotRunWithoutANode) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path(), {"build"}, {RunLevel(When::kBefore)});

  driver.List({});

  EXPECT_THAT(driver.scripts.started, IsEmpty());
}

/// A run in which every node and the script before it have succeeded, and no other script
/// of the run.
PreviousRun WithScriptsLeftOfTheRun() {
  PreviousRun previous;
  previous.command = "build";
  previous.invocation_id = "first";
  previous.knows_scripts = previous.has_run_level = true;
  previous.succeeded = {{"script.run.before.a.py", ""}};
  return previous;
}

TEST(RunLevelScripts, AreRepeatedIfTheyHaveNotSucceeded) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path(), {"build"},
                      {RunLevel(When::kAfter), RunLevel(When::kBefore)},
                      WithScriptsLeftOfTheRun());

  driver.List({});

  EXPECT_THAT(driver.scripts.started, ElementsAre("script.run.after.a.py"));
  driver.scripts.End(1, true);
  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 0);
}

TEST(RunLevelScripts, AreRepeatedAfterARunInWhichANodeFailed) {
  const Shop shop = TwoModels();
  PreviousRun previous = WithScriptsLeftOfTheRun();
  previous.succeeded = {{"script.run.after.a.py", ""}, {"script.run.before.a.py", ""}};
  previous.left_run_level.clear();
  previous.nodes = {"b"};
  StagedDriver driver(shop.path(), {"build"},
                      {RunLevel(When::kAfter), RunLevel(When::kBefore)}, previous);

  driver.List({});
  ASSERT_TRUE(driver.Starts());
  driver.run.CommandExited(0);

  EXPECT_THAT(driver.scripts.started, ElementsAre("script.run.after.a.py"));
}

TEST(RunLevelScripts, AreNotRepeatedWhereTheyWereNoPartOfTheRun) {
  const Shop shop = TwoModels();
  PreviousRun previous = WithScriptsLeftOfTheRun();
  previous.has_run_level = false;
  previous.nodes = {"b"};
  StagedDriver driver(shop.path(), {"build"}, {RunLevel(When::kAfter)}, previous);

  driver.List({});
  ASSERT_TRUE(driver.Starts());
  driver.run.CommandExited(0);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_THAT(driver.scripts.started, IsEmpty());
}

}  // namespace
}  // namespace aft
