// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = DbtEvent::Kind;

Script MakeScript(const std::string& name, When when) {
  Script script;
  script.id = script.name = name;
  script.when = when;
  return script;
}

DbtEvent Event(Kind kind, const std::string& node, const std::string& status = "") {
  DbtEvent event;
  event.kind = kind;
  event.node = node;
  event.status = status;
  return event;
}

std::vector<std::string> Names(const std::vector<Script>& scripts) {
  std::vector<std::string> names;
  for (const Script& script : scripts) names.push_back(script.name);
  return names;
}

/// `orders` with scripts in an order that is not the one in which they run.
Schedule OrdersWithScripts(bool is_ephemeral) {
  Schedule schedule;
  schedule.Add(
      "orders", is_ephemeral,
      {MakeScript("after1.py", When::kAfter), MakeScript("before.py", When::kBefore),
       MakeScript("after2.py", When::kAfter)});
  return schedule;
}

TEST(Schedule, RunsBeforeScriptsWhenANodeCompiles) {
  Schedule schedule = OrdersWithScripts(false);

  EXPECT_THAT(Names(schedule.TakeDue(Event(Kind::kNodeCompiling, "orders"))),
              ElementsAre("before.py"));
}

TEST(Schedule, RunsAfterScriptsInTheirOrderWhenANodeIsMaterialized) {
  Schedule schedule = OrdersWithScripts(false);
  schedule.TakeDue(Event(Kind::kNodeCompiling, "orders"));

  EXPECT_THAT(Names(schedule.TakeDue(Event(Kind::kNodeResult, "orders", "success"))),
              ElementsAre("after1.py", "after2.py"));
}

TEST(Schedule, RunsAllScriptsOfAnEphemeralNodeWhenItsParentsAreDone) {
  Schedule schedule = OrdersWithScripts(true);

  EXPECT_THAT(Names(schedule.TakeDue(Event(Kind::kNodeCompiling, "orders"))),
              ElementsAre("before.py", "after1.py", "after2.py"));
}

TEST(Schedule, RunsNoAfterScriptOfANodeThatFailed) {
  Schedule schedule = OrdersWithScripts(false);
  schedule.TakeDue(Event(Kind::kNodeCompiling, "orders"));

  EXPECT_THAT(schedule.TakeDue(Event(Kind::kNodeResult, "orders", "error")), IsEmpty());
  EXPECT_THAT(Names(schedule.TakeLeft(Event(Kind::kNodeResult, "orders", "error"))),
              ElementsAre("after1.py", "after2.py"));
}

/// `orders` with a script and a hook before and after it.
Schedule OrdersWithHooks(bool is_ephemeral) {
  Schedule schedule;
  schedule.Add(
      "orders", is_ephemeral,
      {MakeScript("after.py", When::kAfter), MakeScript("pre.py", When::kPreHook),
       MakeScript("post.py", When::kPostHook), MakeScript("before.py", When::kBefore)});
  return schedule;
}

TEST(Schedule, RunsHooksNextToTheirNode) {
  Schedule schedule = OrdersWithHooks(false);

  EXPECT_THAT(Names(schedule.TakeDue(Event(Kind::kNodeCompiling, "orders"))),
              ElementsAre("before.py", "pre.py"));
  EXPECT_THAT(Names(schedule.TakeDue(Event(Kind::kNodeResult, "orders", "success"))),
              ElementsAre("post.py", "after.py"));
  EXPECT_THAT(Names(OrdersWithHooks(true).TakeDue(Event(Kind::kNodeCompiling, "orders"))),
              ElementsAre("before.py", "pre.py", "post.py", "after.py"));
}

TEST(Schedule, RunsPostHooksOfANodeThatFailed) {
  for (const char* status : {"error", "partial success"}) {
    Schedule schedule = OrdersWithHooks(false);
    schedule.TakeDue(Event(Kind::kNodeCompiling, "orders"));
    const DbtEvent result = Event(Kind::kNodeResult, "orders", status);

    EXPECT_THAT(Names(schedule.TakeLeft(result)), ElementsAre("after.py"));
    EXPECT_THAT(Names(schedule.TakeDue(result)), ElementsAre("post.py"));
    EXPECT_THAT(schedule.TakeLeft(Event(Kind::kNodeFinished, "orders", status)),
                IsEmpty());
  }
}

TEST(Schedule, RunsNoHooksOfANodeThatWasNotBegunOrWhoseBeforeScriptFailed) {
  const DbtEvent result = Event(Kind::kNodeResult, "orders", "error");
  Schedule refused = OrdersWithHooks(false);
  Schedule broken = OrdersWithHooks(false);
  broken.TakeDue(Event(Kind::kNodeCompiling, "orders"));

  broken.GiveUpHooks("orders");

  EXPECT_EQ(refused.TakeLeft(result).size(), 4);
  EXPECT_THAT(Names(broken.TakeLeft(result)), ElementsAre("after.py", "post.py"));
}

TEST(Schedule, RunsNoScriptOfANodeThatDbtSkips) {
  Schedule schedule = OrdersWithScripts(false);

  EXPECT_THAT(Names(schedule.TakeLeft(Event(Kind::kNodeFinished, "orders", "skipped"))),
              ElementsAre("after1.py", "before.py", "after2.py"));
}

TEST(Schedule, RunsScriptsOncePerModelAndNotPerBatch) {
  for (const char* result : {"success", "partial success", "error"}) {
    Schedule schedule = OrdersWithScripts(false);
    schedule.TakeDue(Event(Kind::kNodeCompiling, "orders"));

    for (const char* batch : {"success", "error", "skipped"}) {
      EXPECT_THAT(schedule.TakeDue(Event(Kind::kNodeCompiling, "orders")), IsEmpty());
      EXPECT_THAT(schedule.TakeLeft(Event(Kind::kNodeFinished, "orders", batch)),
                  IsEmpty());
    }
    const DbtEvent last = Event(Kind::kNodeResult, "orders", result);
    const bool succeeds = result == std::string("success");

    EXPECT_EQ(schedule.TakeLeft(last).size(), succeeds ? 0 : 2);
    EXPECT_EQ(schedule.TakeDue(last).size(), succeeds ? 2 : 0);
  }
}

TEST(Schedule, RunsScriptsOfASourceUnlessItIsStale) {
  for (const auto& [status, count] : std::map<std::string, std::size_t>{
           {"pass", 2}, {"warn", 2}, {"error", 0}, {"runtime error", 0}}) {
    Schedule schedule = OrdersWithScripts(false);
    schedule.TakeDue(Event(Kind::kNodeCompiling, "orders"));

    const DbtEvent result = Event(Kind::kNodeResult, "orders", status);

    EXPECT_EQ(schedule.TakeDue(result).size(), count) << status;
    EXPECT_EQ(schedule.TakeLeft(result).size(), 2 - count) << status;
  }
}

TEST(Schedule, GivesEachScriptOutOnce) {
  Schedule schedule = OrdersWithScripts(true);
  schedule.TakeDue(Event(Kind::kNodeCompiling, "orders"));

  EXPECT_THAT(schedule.TakeDue(Event(Kind::kNodeCompiling, "orders")), IsEmpty());
  EXPECT_THAT(schedule.TakeDue(Event(Kind::kNodeResult, "orders", "success")), IsEmpty());
  EXPECT_THAT(schedule.TakeLeft(Event(Kind::kNodeFinished, "orders", "success")),
              IsEmpty());
}

TEST(Schedule, HasNothingForOtherNodes) {
  Schedule schedule = OrdersWithScripts(false);

  EXPECT_THAT(schedule.TakeDue(Event(Kind::kNodeCompiling, "customers")), IsEmpty());
  EXPECT_THAT(schedule.TakeLeft(Event(Kind::kNodeFinished, "customers")), IsEmpty());
}

TEST(Schedule, NamesTheNodesThatScriptsAreBoundTo) {
  EXPECT_THAT(Schedule().BoundNodes(), IsEmpty());
  EXPECT_THAT(OrdersWithScripts(false).BoundNodes(), ElementsAre("orders"));
}

}  // namespace
}  // namespace aft
