// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/staged_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "plugin/scripts/script_digests.h"
#include "tests/support/shop.h"
#include "tests/support/staged_driver.h"

namespace aft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

/// a, and b below it; a script after a.
Shop TwoModels() {
  return Shop({{"a", false, {}, {}, {"a.py"}}, {"b", false, {0}, {}, {}}});
}

TEST(StagedRun, RunsAScriptBetweenTheStagesItCuts) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path());
  driver.List({"a", "b"});

  ASSERT_TRUE(driver.Starts());
  EXPECT_THAT(driver.Selected(), ElementsAre("a"));
  driver.WriteRunResults({{"a", "success"}});
  driver.run.CommandExited(0);
  EXPECT_EQ(driver.run.NextStep(), StagedRun::Next::kWait);
  driver.scripts.End(1, true);
  ASSERT_TRUE(driver.Starts());
  EXPECT_THAT(driver.Selected(), ElementsAre("b"));
  driver.WriteRunResults({{"b", "success"}});
  driver.run.CommandExited(0);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 0);
  EXPECT_THAT(driver.Merged(), ElementsAre(Pair("a", "success"), Pair("b", "success")));
  EXPECT_THAT(driver.output,
              AllOf(HasSubstr("Done. PASS=2 WARN=0 ERROR=0 SKIP=0 TOTAL=2"),
                    HasSubstr("Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1")));
}

TEST(StagedRun, KeepsDigestsForTheManifestsOfAllStages) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path());
  driver.List({"a", "b"});

  ASSERT_TRUE(driver.Starts());
  driver.Print(R"({"info": {"level": "info", "msg": "", "invocation_id": "stage"}})");
  driver.run.CommandExited(1);

  EXPECT_THAT(ReadDigests(shop.path() / "target")->manifests,
              ElementsAre("first", "stage"));
}

TEST(StagedRun, KeepsTheDigestsOfAManifestThatDbtWritesAlone) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path());
  driver.List({});
  ASSERT_TRUE(driver.Starts());
  std::filesystem::remove(DigestFile(shop.path() / "target"));
  driver.WriteManifest();

  driver.run.CommandExited(1);

  const std::optional<ScriptDigests> digests = ReadDigests(shop.path() / "target");
  ASSERT_TRUE(digests);
  EXPECT_THAT(digests->manifests, ElementsAre("first"));
}

/// a with a script and a hook before and after it, and b below it.
Shop TwoModelsWithHooks() {
  Node a = {"a", false, {}, {"before.py"}, {"after.py"}};
  a.pre_hooks = {"pre.py"};
  a.post_hooks = {"post.py"};
  return Shop({a, {"b", false, {0}, {}, {}}});
}

TEST(StagedRun, RunsPostHooksOfANodeThatFailedBeforeItSkipsWhatIsBelow) {
  const Shop shop = TwoModelsWithHooks();
  for (const char* fail_fast : {"--no-fail-fast", "--fail-fast"}) {
    StagedDriver driver(shop.path(), {"build", fail_fast});
    driver.List({"a", "b"});
    driver.scripts.End(1, true);
    driver.scripts.End(2, true);
    ASSERT_TRUE(driver.Starts());

    driver.WriteRunResults({{"a", "error"}});
    driver.run.CommandExited(1);
    EXPECT_EQ(driver.run.NextStep(), StagedRun::Next::kWait);
    driver.scripts.End(3, false);

    EXPECT_TRUE(driver.HasEnded());
    EXPECT_EQ(driver.scripts.started.back(), "script.a.post-hook.post.py");
    EXPECT_EQ(driver.scripts.statuses.back(), "error");
    EXPECT_EQ(driver.run.exit_code(), 1);
    EXPECT_THAT(driver.Merged(), ElementsAre(Pair("a", "error"), Pair("b", "skipped")));
    EXPECT_EQ(shop.Results().at("script.a.after.after.py"), "skipped");
  }
}

TEST(StagedRun, FailsTheNodeOfAHookThatFails) {
  const Shop shop = TwoModelsWithHooks();
  StagedDriver before(shop.path());
  before.List({"a", "b"});
  before.scripts.End(1, true);
  before.scripts.End(2, false);
  before.scripts.End(3, true);
  EXPECT_TRUE(before.HasEnded());
  EXPECT_THAT(before.scripts.statuses, ElementsAre("", "", "error"));
  EXPECT_THAT(before.Merged(), ElementsAre(Pair("a", "error"), Pair("b", "skipped")));
  EXPECT_THAT(before.output, HasSubstr("pre-hook 'pre.py' failed: ValueError: no"));

  StagedDriver after(shop.path());
  after.List({"a", "b"});
  after.scripts.End(1, true);
  after.scripts.End(2, true);
  ASSERT_TRUE(after.Starts());
  after.WriteRunResults({{"a", "success"}});
  after.run.CommandExited(0);
  after.scripts.End(3, false);

  EXPECT_TRUE(after.HasEnded());
  EXPECT_EQ(after.run.exit_code(), 1);
  EXPECT_THAT(after.Merged(), ElementsAre(Pair("a", "error"), Pair("b", "skipped")));
}

TEST(StagedRun, RunsNoHooksOfANodeWhoseBeforeScriptFailed) {
  const Shop shop = TwoModelsWithHooks();
  StagedDriver driver(shop.path());
  driver.List({"a", "b"});

  driver.scripts.End(1, false);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(shop.Results().at("script.a.post-hook.post.py"), "skipped");
}

TEST(StagedRun, BuildsNothingWhereABoundScriptIsMissing) {
  const Shop shop = TwoModels();
  std::filesystem::remove(shop.path() / "a.py");
  StagedDriver driver(shop.path());

  driver.List({"a", "b"});

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 2);
  EXPECT_THAT(driver.errors, AllOf(HasSubstr("aft: "), HasSubstr("a.py")));
}

TEST(StagedRun, RefusesASampleWhoseRowsOnlyDbtKnows) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path(), {"build", "--sample", "3 days"});

  driver.List({"a", "b"});

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 2);
  EXPECT_EQ(
      driver.errors,
      "aft: scripts cannot be run with '--sample' in stages because only dbt itself "
      "knows which rows it means; leave it out, or use dbt-core 1.10 or later "
      "without '--aft-mode staged'\n");
}

TEST(StagedRun, SkipsWhatIsBelowAFailedScript) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path());
  driver.List({"a", "b"});
  ASSERT_TRUE(driver.Starts());
  driver.WriteRunResults({{"a", "success"}});
  driver.run.CommandExited(0);

  driver.scripts.End(1, false);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 1);
  EXPECT_THAT(driver.Merged(), ElementsAre(Pair("a", "error"), Pair("b", "skipped")));
  EXPECT_THAT(driver.output, AllOf(HasSubstr("2 of 2 SKIP relation main.b"),
                                   HasSubstr("Failure in model a (models/a.sql)"),
                                   HasSubstr("  script 'a.py' failed: ValueError: no")));
}

TEST(StagedRun, ListsAPlaceholderWhoseScriptFailed) {
  const Shop shop({{"p", true, {}, {}, {"p.py"}}, {"b", false, {0}, {}, {}}});
  StagedDriver driver(shop.path());
  driver.List({"p", "b"});
  ASSERT_FALSE(driver.Starts());

  driver.scripts.End(1, false);

  EXPECT_TRUE(driver.HasEnded());
  const std::vector<NodeResult> results =
      ResultsIn(ReadJsonFileOrNull(shop.path() / "target/run_results.json"));
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].node, "p");
  EXPECT_EQ(results[0].status, "error");
  EXPECT_EQ(results[0].message, "script 'p.py' failed: ValueError: no");
  EXPECT_EQ(results[1].status, "skipped");
  EXPECT_EQ(results[1].message, "'p' failed: script 'p.py' failed: ValueError: no");
  EXPECT_THAT(driver.output, AllOf(HasSubstr("1 of 1 SKIP relation main.b"),
                                   HasSubstr(" ERROR=1 SKIP=1 TOTAL=2")));
}

TEST(StagedRun, TakesASilentDbtForNoSuccess) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}}, {"other", false, {}, {}, {}}});
  StagedDriver driver(shop.path());
  driver.List({"a", "other"});

  ASSERT_TRUE(driver.Starts());
  driver.run.CommandExited(0);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 1);
  EXPECT_THAT(driver.scripts.started, IsEmpty());
  EXPECT_THAT(driver.Merged(), ElementsAre(Pair("a", "error"), Pair("other", "error")));
  EXPECT_THAT(driver.output, HasSubstr("Failure in model other (models/other.sql)"));
  EXPECT_THAT(driver.output, HasSubstr("  dbt has not said what became of it"));
}

TEST(StagedRun, AsksNoAccountOfExposures) {
  Node exposure{"exposed", false, {0}, {}, {}};
  exposure.type = "exposure";
  const Shop shop({{"a", false, {}, {}, {"a.py"}}, exposure});
  StagedDriver driver(shop.path());
  driver.List({"a", "exposed"});

  ASSERT_TRUE(driver.Starts());
  driver.WriteRunResults({{"a", "success"}});
  driver.run.CommandExited(0);
  driver.scripts.End(1, true);
  ASSERT_TRUE(driver.Starts());
  EXPECT_THAT(driver.Selected(), ElementsAre("exposed"));
  driver.run.CommandExited(0);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 0);
}

TEST(StagedRun, StopsAfterADbtThatEndedWithoutResults) {
  const Shop shop = TwoModels();
  for (const int exit_code : {1, 2, 137}) {
    StagedDriver driver(shop.path());
    driver.List({"a", "b"});
    ASSERT_TRUE(driver.Starts());

    driver.run.CommandExited(exit_code);

    EXPECT_TRUE(driver.HasEnded());
    EXPECT_EQ(driver.run.exit_code(), exit_code);
    EXPECT_THAT(driver.scripts.started, IsEmpty());
    EXPECT_THAT(driver.Merged(), ElementsAre(Pair("a", "skipped"), Pair("b", "skipped")));
  }
}

TEST(StagedRun, KeepsWhatAKilledDbtHasTold) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}}, {"other", false, {}, {}, {}}});
  StagedDriver driver(shop.path());
  driver.List({"a", "other"});
  ASSERT_TRUE(driver.Starts());
  driver.Tell("a", "success");
  driver.Tell("other", "success");

  driver.run.CommandExited(137);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_THAT(driver.Merged(), ElementsAre(Pair("a", "error"), Pair("other", "success")));
}

TEST(StagedRun, BelievesTheResultsOverTheLog) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path());
  driver.List({"a", "b"});
  ASSERT_TRUE(driver.Starts());
  driver.Tell("a", "success");

  driver.WriteRunResults({{"a", "error"}});
  driver.run.CommandExited(1);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_THAT(driver.scripts.started, IsEmpty());
  EXPECT_THAT(driver.Merged(), ElementsAre(Pair("a", "error"), Pair("b", "skipped")));
}

TEST(StagedRun, StopsScriptsAndStagesUnderFailFast) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}},
                   {"b", false, {}, {}, {"b.py"}},
                   {"c", false, {0, 1}, {}, {}}});
  StagedDriver driver(shop.path(), {"build", "--fail-fast"});
  driver.List({"a", "b", "c"});
  ASSERT_TRUE(driver.Starts());
  driver.WriteRunResults({{"a", "success"}, {"b", "success"}});
  driver.run.CommandExited(0);

  driver.scripts.End(1, false);
  EXPECT_TRUE(driver.scripts.signals.contains(SIGINT));
  driver.scripts.End(2, false);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_THAT(driver.Merged(),
              ElementsAre(Pair("a", "error"), Pair("b", "error"), Pair("c", "skipped")));
}

TEST(StagedRun, ListsAStageThatAnInterruptKeptFromStarting) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path());
  driver.List({"a", "b"});

  driver.run.Interrupt();

  EXPECT_FALSE(driver.Starts());
  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 1);
  EXPECT_THAT(driver.Merged(), ElementsAre(Pair("a", "skipped"), Pair("b", "skipped")));
  EXPECT_THAT(shop.Results(), ElementsAre(Pair("script.a.after.a.py", "skipped")));
}

TEST(StagedRun, SaysThatItWasInterruptedBeforeAStageBegan) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path());
  driver.scripts.is_preparing = true;
  driver.List({"a", "b"});
  EXPECT_EQ(driver.run.NextStep(), StagedRun::Next::kWait);

  driver.run.Interrupt();

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 1);
  EXPECT_EQ(driver.errors, "aft: interrupted before dbt has built the first node\n");
}

TEST(StagedRun, CountsNodesOfWhichAKilledDbtHasNotTold) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}},
                   {"other", false, {}, {}, {}},
                   {"b", false, {0}, {}, {}}});
  StagedDriver driver(shop.path());
  driver.List({"a", "other", "b"});
  ASSERT_TRUE(driver.Starts());

  driver.run.CommandExited(137);

  EXPECT_THAT(driver.output, HasSubstr("3 of 3 SKIP relation main.b"));
}

TEST(StagedRun, EndsWithResultsWhereAStageCannotBeDescribed) {
  const Shop shop = TwoModels();
  shop.SetDbtVersion("1.7.20");
  shop.Write("private/stage", "a file where a folder should be");
  StagedDriver driver(shop.path());

  driver.List({"a", "b"});

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 2);
  EXPECT_THAT(driver.errors,
              AllOf(HasSubstr("cannot make the folder"), HasSubstr("private")));
  EXPECT_THAT(driver.Merged(), ElementsAre(Pair("a", "skipped"), Pair("b", "skipped")));
  EXPECT_THAT(shop.Results(), ElementsAre(Pair("script.a.after.a.py", "skipped")));
}

TEST(StagedRun, BuildsNothingWhereItCannotReadWhatIsDeferredTo) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path(), {"build", "--defer", "--state", "/no/such/folder"});

  driver.List({"a", "b"});

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 2);
  EXPECT_THAT(driver.errors, HasSubstr("/no/such/folder/manifest.json"));
}

TEST(StagedRun, SaysWhyScriptsCannotRun) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path());
  driver.scripts.reason = "there is no pandas";

  driver.List({"a", "b"});

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 2);
  EXPECT_EQ(driver.errors, "aft: cannot run scripts: there is no pandas\n");
  EXPECT_THAT(driver.output, Not(HasSubstr("Done.")));
}

}  // namespace
}  // namespace aft
