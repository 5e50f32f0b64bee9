// SPDX-License-Identifier: Apache-2.0
#include "plugin/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_THAT(Names(schedule.TakeLeft("orders")), ElementsAre("after1.py", "after2.py"));
}

TEST(Schedule, GivesEachScriptOutOnce) {
  Schedule schedule = OrdersWithScripts(true);
  schedule.TakeDue(Event(Kind::kNodeCompiling, "orders"));

  EXPECT_THAT(schedule.TakeDue(Event(Kind::kNodeCompiling, "orders")), IsEmpty());
  EXPECT_THAT(schedule.TakeDue(Event(Kind::kNodeResult, "orders", "success")), IsEmpty());
  EXPECT_THAT(schedule.TakeLeft("orders"), IsEmpty());
}

TEST(Schedule, HasNothingForOtherNodes) {
  Schedule schedule = OrdersWithScripts(false);

  EXPECT_THAT(schedule.TakeDue(Event(Kind::kNodeCompiling, "customers")), IsEmpty());
  EXPECT_THAT(schedule.TakeLeft("customers"), IsEmpty());
}

TEST(Schedule, NamesTheNodesThatScriptsAreBoundTo) {
  EXPECT_THAT(Schedule().BoundNodes(), IsEmpty());
  EXPECT_THAT(OrdersWithScripts(false).BoundNodes(), ElementsAre("orders"));
}

}  // namespace
}  // namespace aft
