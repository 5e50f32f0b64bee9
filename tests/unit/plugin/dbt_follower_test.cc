// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/dbt_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/followed_run.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DbtFollower, NoticesNodesThatDbtBuiltWithoutAWord) {
  const Shop shop({MakeNode("told", {}, {"a.py"}), MakeNode("untold", {}, {"b.py"}),
                   MakeNode("not selected", {}, {"c.py"})});
  const auto problems = [&](const char* run, const std::vector<std::string>& selected) {
    shop.WriteRunResults({{"told", "success"}, {"untold", "success"}}, run);
    Gate gate(shop);
    if (!selected.empty()) gate.Begin(selected);
    gate.Tell(1, "LogModelResult", "told", "success");
    gate.scripts.End(1, true);
    gate.Finish();
    return gate.Problems();
  };

  EXPECT_THAT(problems("another run", {}), IsEmpty());
  EXPECT_THAT(problems("this run", {}), ElementsAre(HasSubstr("'untold' did not run")));
  EXPECT_THAT(problems("another run", {"told", "untold"}),
              ElementsAre(HasSubstr("'untold' did not run")));
}

TEST(DbtFollower, ListsTheScriptsOfNodesThatDbtDidNotComeTo) {
  const Shop shop({MakeNode("a", {"a.py"}, {}),
                   {"b", true, {0}, {}, {"b.py"}},
                   MakeNode("not selected", {}, {"c.py"})});
  const auto problems = [&](bool is_interrupted) {
    Gate gate(shop);
    gate.Begin({"a", "b"});
    gate.Tell(1, "NodeCompiling", "a");
    if (is_interrupted) gate.Interrupt();
    gate.LoseDbt();
    gate.scripts.End(1, false);
    gate.Close();
    return gate.Problems(2);
  };

  EXPECT_THAT(
      problems(false),
      ElementsAre("1 script did not run because dbt ended before it came to that"));
  EXPECT_THAT(problems(true),
              ElementsAre("1 script did not run because the run was interrupted"));
  EXPECT_THAT(shop.Results(), ElementsAre(std::pair("script.a.before.a.py", "error"),
                                          std::pair("script.b.after.b.py", "skipped")));
}

/// A node with a script before and after it, and hooks.
Node WithHooks(bool is_ephemeral = false) {
  Node node = {"a", is_ephemeral, {}, {"before.py"}, {"after.py"}};
  node.pre_hooks = {"pre.py"};
  node.post_hooks = {"post.py"};
  return node;
}

TEST(DbtFollower, RunsPostHooksOfANodeThatFailedAndLeavesTheFailureToDbt) {
  const Shop shop({WithHooks()});
  Gate gate(shop);
  gate.Tell(1, "NodeCompiling", "a");
  gate.scripts.End(1, true);
  gate.scripts.End(2, true);
  EXPECT_EQ(gate.Verdict(1), "go");

  gate.Tell(1, "LogModelResult", "a", "error");
  EXPECT_EQ(gate.Verdict(1), "");
  gate.scripts.End(3, false);

  EXPECT_EQ(gate.Verdict(1), "go");
  EXPECT_THAT(gate.scripts.started,
              ElementsAre("script.a.before.before.py", "script.a.pre-hook.pre.py",
                          "script.a.post-hook.post.py"));
  EXPECT_EQ(gate.scripts.statuses.back(), "error");
  gate.Finish();
  EXPECT_EQ(shop.Results().at("script.a.after.after.py"), "skipped");
}

TEST(DbtFollower, FailsTheNodeOfAHookThatFails) {
  const Shop shop({WithHooks()});
  for (const int failed : {2, 3}) {
    Gate gate(shop);
    gate.Tell(1, "NodeCompiling", "a");
    gate.scripts.End(1, true);
    gate.scripts.End(2, failed != 2);
    EXPECT_EQ(gate.Verdict(1), failed == 2 ? "fail" : "go");
    gate.Tell(1, "LogModelResult", "a", failed == 2 ? "error" : "success");
    gate.scripts.End(3, failed != 3);

    EXPECT_EQ(gate.Verdict(1), failed == 2 ? "go" : "fail");
    EXPECT_THAT(gate.scripts.running, IsEmpty());
    gate.Finish();
    EXPECT_EQ(shop.Results().at("script.a.after.after.py"), "skipped");
  }
}

TEST(DbtFollower, RunsNoHooksOfANodeWhoseBeforeScriptFailed) {
  const Shop shop({WithHooks()});
  Gate gate(shop);
  gate.Tell(1, "NodeCompiling", "a");
  gate.scripts.End(1, false);
  EXPECT_EQ(gate.Verdict(1), "fail");

  gate.Tell(1, "LogModelResult", "a", "error");

  EXPECT_EQ(gate.Verdict(1), "go");
  EXPECT_THAT(gate.scripts.running, IsEmpty());
  gate.Finish();
  EXPECT_EQ(shop.Results().at("script.a.post-hook.post.py"), "skipped");
}

TEST(DbtFollower, TellsScriptsWhichNodesTheRunBuilds) {
  const Shop shop({MakeNode("a", {}, {"a1.py"}), MakeNode("b", {}, {})});
  Gate gate(shop);

  gate.Begin({"a", "b"});

  EXPECT_THAT(gate.scripts.selection, ElementsAre("a", "b"));
}

TEST(DbtFollower, SumsUpTheScriptsOnceWhetherDbtHasALastLineOrNot) {
  const Shop shop({{"a", true, {}, {}, {"a1.py"}}});
  for (const bool has_last_line : {true, false}) {
    Gate gate(shop);
    gate.Tell(1, "NodeCompiling", "a");
    gate.scripts.End(1, true);

    if (has_last_line)
      gate.Finish();
    else
      gate.Close();

    EXPECT_EQ(
        gate.written.find("Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1") != std::string::npos,
        !has_last_line);
  }
}

TEST(DbtFollower, SumsUpOnceWhereFailFastKeepsScriptsBack) {
  const Shop shop({MakeNode("a", {"a.py"}, {}), {"b", true, {0}, {}, {"b.py"}}});
  Gate gate(shop, true);
  gate.Begin({"a", "b"});
  gate.Tell(1, "NodeCompiling", "a");
  gate.scripts.End(1, false);
  gate.Tell(1, "NodeFinished", "a", "error");

  gate.Finish();

  EXPECT_EQ(gate.written, "");
  EXPECT_THAT(gate.Problems(1), ElementsAre("1 script did not run because 'a' has failed "
                                            "(--fail-fast)"));
}

/// A model, and one above it that its script writes, whose SQL is `sql`.
Shop ShopWithPlaceholder(const std::string& sql) {
  return Shop({{"p", true, {}, {}, {"p.py"}, "model", false, sql},
               {"child", false, {0}, {}, {}}});
}

/// Lets dbt come to `p`, whose script writes its table.
void WritePlaceholder(Gate& gate) {
  gate.Tell(1, "NodeCompiling", "p");
  gate.scripts.End(1, true, true);
}

TEST(DbtFollower, RefusesWhatReadsAnotherTableThanTheScriptHasWritten) {
  const Shop shop = ShopWithPlaceholder("{{ any() }}");
  Gate gate(shop);
  WritePlaceholder(gate);
  EXPECT_EQ(gate.Verdict(1), "go");

  shop.Write("target/compiled/shop/models/p.sql", "select * from main.other");
  gate.Tell(2, "NodeCompiling", "child");
  EXPECT_EQ(gate.Verdict(2), "fail");

  gate.Finish();
  EXPECT_THAT(gate.Problems(1), IsEmpty());
}

TEST(DbtFollower, RefusesWhatReadsAnotherTableThroughOtherEphemeralModels) {
  const Shop shop({{"p", true, {}, {}, {"p.py"}, "model", false, "{{ any() }}"},
                   {"between", true, {0}, {}, {}},
                   {"child", false, {1}, {}, {}},
                   {"below", false, {2}, {}, {}}});
  Gate gate(shop);
  WritePlaceholder(gate);
  shop.Write("target/compiled/shop/models/p.sql", "select * from main.other");

  gate.Tell(2, "NodeCompiling", "child");
  gate.Tell(3, "NodeCompiling", "below");

  EXPECT_EQ(gate.Verdict(2), "fail");
  EXPECT_EQ(gate.Verdict(3), "go");
}

TEST(DbtFollower, BelievesNoSqlOfAnEarlierRun) {
  const Shop shop = ShopWithPlaceholder("select * from {{ this }}");
  shop.Write("target/compiled/shop/models/p.sql", "select * from main.other");
  Gate gate(shop);
  WritePlaceholder(gate);

  gate.Tell(2, "NodeCompiling", "child");

  EXPECT_EQ(gate.Verdict(2), "go");
}

TEST(DbtFollower, FailsAModelWhoseSqlIsKnownToReadAnotherTable) {
  const Shop shop = ShopWithPlaceholder("select * from main.other");
  Gate gate(shop);
  WritePlaceholder(gate);

  EXPECT_EQ(gate.Verdict(1), "fail");
  gate.Finish();
  EXPECT_THAT(gate.Problems(1), IsEmpty());
  // dbt leaves the model out of its results where nothing is built from it.
  EXPECT_THAT(gate.Problems(0), ElementsAre(HasSubstr("let it say: select * from"),
                                            HasSubstr("scripts that failed: 1")));
}

TEST(DbtFollower, NotesTheNodeWhoseScriptsAnInterruptHasMet) {
  const Shop shop({MakeNode("a", {}, {"a.py"}), MakeNode("b", {}, {"b.py"})});
  Gate gate(shop);
  gate.Begin({"a", "b"});
  gate.Tell(1, "LogModelResult", "a", "success");
  gate.Tell(2, "LogModelResult", "b", "success");
  gate.scripts.End(2, true);
  gate.Interrupt();
  gate.scripts.End(1, false);
  shop.WriteRunResults({{"b", "success"}}, "this run");
  gate.LoseDbt();
  gate.Close();

  EXPECT_THAT(shop.Read("target/aft/results.json"), HasSubstr(R"("unreached":["a"])"));
}

TEST(DbtFollower, TellsInTheEndOfATableThatNothingIsBuiltOn) {
  const Shop shop = ShopWithPlaceholder("{{ any() }}");
  Gate gate(shop);
  WritePlaceholder(gate);
  EXPECT_EQ(gate.Verdict(1), "go");
  shop.Write("target/compiled/shop/models/p.sql", "select * from main.other");

  gate.Finish();

  EXPECT_THAT(gate.Problems(), ElementsAre(HasSubstr("let it say: select * from"),
                                           HasSubstr("scripts that failed: 1")));
}

TEST(DbtFollower, LetsANodeWaitForItsScripts) {
  const Shop shop({MakeNode("a", {"b1.py"}, {"a1.py", "a2.py"})});
  Gate gate(shop);
  ASSERT_EQ(gate.Verdict(0), "go");

  gate.Tell(1, "NodeCompiling", "a");
  EXPECT_EQ(gate.Verdict(1), "");
  gate.scripts.End(1, true);
  EXPECT_EQ(gate.Verdict(1), "go");
  gate.Tell(1, "LogModelResult", "a", "success");
  gate.scripts.End(2, true);
  EXPECT_EQ(gate.Verdict(1), "");
  gate.scripts.End(3, true);

  EXPECT_EQ(gate.Verdict(1), "go");
  EXPECT_THAT(gate.scripts.started,
              ElementsAre("script.a.before.b1.py", "script.a.after.a1.py",
                          "script.a.after.a2.py"));
}

TEST(DbtFollower, RefusesTheNodesOfAManifestThatItCannotRead) {
  const Shop shop({MakeNode("a", {}, {"a1.py"})});
  shop.Write("target/manifest.json", "{\"nodes\": ");

  const Gate gate(shop);

  EXPECT_EQ(gate.Verdict(0), "fail");
}

TEST(DbtFollower, GivesOneVerdictAlsoToAPeerThatDoesNotWaitForIt) {
  const Shop shop({MakeNode("a", {}, {"a1.py"}), MakeNode("b", {}, {})});
  Gate gate(shop);
  gate.Tell(1, "LogModelResult", "a", "success");

  EXPECT_FALSE(gate.Accepts(1, R"({"info": {"name": "LogModelResult"}, "data": {}})"));

  EXPECT_EQ(gate.Verdict(1), "");
  gate.scripts.End(1, true);
  EXPECT_EQ(gate.Verdict(1), "go");
}

TEST(DbtFollower, TellsOfAManifestsFaultsAfterItsVerdictWhenTheNodesAreToBegin) {
  const Shop shop({MakeNode("a", {}, {"a1.py"})});

  const Gate gate(shop, false, "run", "no processes can be started");

  EXPECT_EQ(gate.Verdict(0), "fail");
}

TEST(DbtFollower, WaitsForNoHostWhereNoScriptIsBound) {
  const Shop shop({MakeNode("a", {}, {})});
  const Gate gate(shop);

  EXPECT_EQ(gate.Verdict(0), "go");
  EXPECT_THAT(shop.Results(), IsEmpty());
}

TEST(DbtFollower, TakesAnEventThatComesTwiceForOne) {
  const Shop shop({MakeNode("a", {}, {"a1.py"})});
  Gate gate(shop);
  gate.Tell(1, "LogModelResult", "a", "success");
  gate.scripts.End(1, true);

  gate.Tell(2, "LogModelResult", "a", "success");

  EXPECT_EQ(gate.Verdict(2), "go");
  EXPECT_EQ(gate.scripts.started.size(), 1);
}

TEST(DbtFollower, SkipsTheScriptsOfANodeThatDbtLeaves) {
  const Shop shop({MakeNode("a", {"b1.py"}, {"a1.py"})});
  Gate gate(shop);

  gate.Tell(1, "NodeFinished", "a", "skipped");
  gate.Finish();

  EXPECT_THAT(shop.Results(), ElementsAre(std::pair("script.a.after.a1.py", "skipped"),
                                          std::pair("script.a.before.b1.py", "skipped")));
}

TEST(DbtFollower, StopsScriptsUnderFailFast) {
  const Shop shop({MakeNode("a", {}, {"a1.py", "a2.py"}), MakeNode("b", {}, {})});
  for (const bool fails_fast : {false, true}) {
    Gate gate(shop, fails_fast);
    gate.Tell(1, "LogModelResult", "a", "success");

    gate.Tell(2, "NodeFinished", "b", "error");

    EXPECT_EQ(gate.scripts.signals.contains(SIGINT), fails_fast);
    gate.scripts.End(1, !fails_fast);
    EXPECT_EQ(gate.Verdict(1), fails_fast ? "fail" : "");
  }
}

TEST(DbtFollower, StopsScriptsWhenATestFailsUnderFailFast) {
  const Shop shop({MakeNode("a", {}, {"a1.py"})});
  Gate gate(shop, true, "build");
  gate.Tell(1, "LogModelResult", "a", "success");

  gate.Tell(2, "NodeFinished", "test.shop.unique_b_id", "fail");

  EXPECT_THAT(gate.scripts.signals, testing::Contains(SIGINT));
  gate.scripts.End(1, false);
}

TEST(DbtFollower, RunsNoScriptsWhereDbtMakesNoNodes) {
  const Shop shop({MakeNode("a", {"b1.py"}, {"a1.py"})});
  for (const char* command :
       {"compile", "test", "generate", "clone", "list", "parse", "show", "run-operation",
        "freshness", "snapshot-freshness"}) {
    Gate gate(shop, false, command);

    gate.Tell(1, "NodeCompiling", "a");
    EXPECT_EQ(gate.Verdict(1), "go") << command;
    gate.Tell(1, "NodeFinished", "a", "success");
    gate.Finish();

    EXPECT_THAT(gate.scripts.started, IsEmpty()) << command;
    EXPECT_THAT(gate.scripts.environments, IsEmpty()) << command;
    EXPECT_THAT(shop.Results(), IsEmpty()) << command;
  }
}

TEST(DbtFollower, RunsTheScriptsOfSourcesWithTheirFreshness) {
  Node payments = MakeNode("payments", {"b1.py"}, {"a1.py"});
  payments.type = "source";
  const Shop shop({payments, MakeNode("a", {}, {"a1.py"})});
  Gate gate(shop, false, "freshness");

  gate.Tell(1, "NodeCompiling", "payments", "compiling");
  gate.scripts.End(1, true);
  gate.Tell(1, "LogFreshnessResult", "payments", "warn");
  gate.scripts.End(2, true);

  EXPECT_EQ(gate.Verdict(1), "go");
  gate.Finish();
  EXPECT_THAT(gate.scripts.statuses, ElementsAre("", "warn"));
  EXPECT_EQ(shop.Results("sources.json").size(), 2);
  EXPECT_THAT(shop.Results(), IsEmpty());

  Gate other(shop);
  other.Tell(1, "NodeCompiling", "payments");
  EXPECT_THAT(other.scripts.started, IsEmpty());
}

TEST(DbtFollower, ListsTheScriptsOfNodesThatDbtLeavesUnderFailFast) {
  const Shop shop({MakeNode("a", {}, {"a1.py"}), MakeNode("b", {}, {})});
  Gate gate(shop, true);
  gate.Tell(1, "NodeFinished", "b", "error");

  shop.WriteRunResults({{"a", "skipped"}, {"b", "error"}});
  gate.Finish();

  EXPECT_THAT(shop.Results(), ElementsAre(std::pair("script.a.after.a1.py", "skipped")));
}

}  // namespace
}  // namespace aft
