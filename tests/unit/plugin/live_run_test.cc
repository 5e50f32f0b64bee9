// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/live_run.h"

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

TEST(LiveRun, NoticesNodesThatDbtBuiltWithoutAWord) {
  const Shop shop({MakeNode("told", {}, {"a.py"}), MakeNode("untold", {}, {"b.py"}),
                   MakeNode("skipped", {}, {"c.py"})});
  Gate gate(shop);
  gate.Tell(1, "LogModelResult", "told", "success");
  gate.scripts.End(1, true);

  EXPECT_THAT(gate.Problems(), IsEmpty());
  shop.WriteRunResults(
      {{"told", "success"}, {"untold", "success"}, {"skipped", "skipped"}});
  EXPECT_THAT(gate.Problems(), ElementsAre(HasSubstr("'untold' did not run")));
}

TEST(LiveRun, LetsANodeWaitForItsScripts) {
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
              ElementsAre("script.a.before.1.b1.py", "script.a.after.2.a1.py",
                          "script.a.after.3.a2.py"));
}

TEST(LiveRun, RefusesTheNodesOfAManifestThatItCannotRead) {
  const Shop shop({MakeNode("a", {}, {"a1.py"})});
  shop.Write("target/manifest.json", "{\"nodes\": ");

  const Gate gate(shop);

  EXPECT_EQ(gate.Verdict(0), "fail");
}

TEST(LiveRun, AnswersNoMessageBeforeTheLastOne) {
  const Shop shop({MakeNode("a", {}, {"a1.py"}), MakeNode("b", {}, {})});
  Gate gate(shop);
  gate.Tell(1, "LogModelResult", "a", "success");

  gate.SayAnything(1, R"({"info": {"name": "LogModelResult"}, "data": {}})");

  EXPECT_EQ(gate.Verdict(1), "fail");
  gate.scripts.End(1, true);
  EXPECT_EQ(gate.Verdict(1), "go");
}

TEST(LiveRun, WaitsForNoHostWhereNoScriptIsBound) {
  const Shop shop({MakeNode("a", {}, {})});
  const Gate gate(shop);

  EXPECT_EQ(gate.Verdict(0), "go");
  EXPECT_THAT(shop.Results(), IsEmpty());
}

TEST(LiveRun, TakesAnEventThatComesTwiceForOne) {
  const Shop shop({MakeNode("a", {}, {"a1.py"})});
  Gate gate(shop);
  gate.Tell(1, "LogModelResult", "a", "success");
  gate.scripts.End(1, true);

  gate.Tell(2, "LogModelResult", "a", "success");

  EXPECT_EQ(gate.Verdict(2), "go");
  EXPECT_EQ(gate.scripts.started.size(), 1);
}

TEST(LiveRun, SkipsTheScriptsOfANodeThatDbtLeaves) {
  const Shop shop({MakeNode("a", {"b1.py"}, {"a1.py"})});
  Gate gate(shop);

  gate.Tell(1, "NodeFinished", "a", "skipped");
  gate.Finish();

  EXPECT_THAT(shop.Results(),
              ElementsAre(std::pair("script.a.after.2.a1.py", "skipped"),
                          std::pair("script.a.before.1.b1.py", "skipped")));
}

TEST(LiveRun, StopsScriptsUnderFailFast) {
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

TEST(LiveRun, StopsScriptsWhenATestFailsUnderFailFast) {
  const Shop shop({MakeNode("a", {}, {"a1.py"})});
  Gate gate(shop, true, "build");
  gate.Tell(1, "LogModelResult", "a", "success");

  gate.Tell(2, "NodeFinished", "test.shop.unique_b_id", "fail");

  EXPECT_THAT(gate.scripts.signals, testing::Contains(SIGINT));
  gate.scripts.End(1, false);
}

TEST(LiveRun, RunsNoScriptsWhereDbtMakesNoNodes) {
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

TEST(LiveRun, RunsTheScriptsOfSourcesWithTheirFreshness) {
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
  EXPECT_THAT(gate.scripts.statuses, ElementsAre("compiling", "warn"));
  EXPECT_EQ(shop.Results("sources.json").size(), 2);
  EXPECT_THAT(shop.Results(), IsEmpty());

  Gate other(shop);
  other.Tell(1, "NodeCompiling", "payments");
  EXPECT_THAT(other.scripts.started, IsEmpty());
}

TEST(LiveRun, ListsTheScriptsOfNodesThatDbtLeavesUnderFailFast) {
  const Shop shop({MakeNode("a", {}, {"a1.py"}), MakeNode("b", {}, {})});
  Gate gate(shop, true);
  gate.Tell(1, "NodeFinished", "b", "error");

  shop.WriteRunResults({{"a", "skipped"}, {"b", "error"}});
  gate.Finish();

  EXPECT_THAT(shop.Results(),
              ElementsAre(std::pair("script.a.after.1.a1.py", "skipped")));
}

}  // namespace
}  // namespace aft
