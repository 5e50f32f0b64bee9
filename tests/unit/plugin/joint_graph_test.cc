// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/joint_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/text_graph.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const JointGraph& Shop() {
  static const JointGraph kShop(
      GraphFrom("orders; customers <- orders; report <- customers"),
      ScriptsFrom("load.py > customers; customers > score.py; customers > note.py"));
  return kShop;
}

TEST(JointGraph, PutsANodeBelowItsBeforeScripts) {
  EXPECT_THAT(Shop().Below({"load.py>customers"}, 1), ElementsAre("customers"));
  EXPECT_THAT(Shop().Above({"customers"}, 1), ElementsAre("load.py>customers", "orders"));
}

TEST(JointGraph, PutsAfterScriptsBetweenANodeAndItsChildren) {
  EXPECT_THAT(Shop().Below({"customers"}, 1),
              ElementsAre("customers>note.py", "customers>score.py", "report"));
  EXPECT_THAT(Shop().Below({"customers>score.py"}), ElementsAre("report"));
  EXPECT_THAT(Shop().Above({"customers>score.py"}),
              ElementsAre("customers", "load.py>customers", "orders"));
}

TEST(JointGraph, LetsNoScriptDependOnAnotherOfItsNode) {
  EXPECT_THAT(Shop().Above({"load.py>customers"}), IsEmpty());
  EXPECT_THAT(Shop().Below({"customers>note.py"}), ElementsAre("report"));
}

TEST(JointGraph, LeavesOutScriptsOfNodesThatItDoesNotKnow) {
  const JointGraph graph(GraphFrom("a"), ScriptsFrom("gone > score.py"));

  EXPECT_THAT(graph.Below({"gone>score.py", "gone"}), IsEmpty());
}

TEST(JointGraph, EndsInACircle) {
  const JointGraph graph(GraphFrom("a <- b; b <- a"), ScriptsFrom("a > score.py"));

  EXPECT_THAT(graph.Below({"a"}), ElementsAre("a", "a>score.py", "b"));
}

}  // namespace
}  // namespace aft
