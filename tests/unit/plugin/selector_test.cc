// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/text_graph.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kAll = JointGraph::kUnlimited;

Criterion Only(const std::string& text) { return ParseSelector({text}).at(0).at(0); }

TEST(Selector, ReadsGraphOperatorsAsDbtDoes) {
  const auto parts = [](const std::string& text) {
    const Criterion criterion = Only(text);
    return std::tuple(criterion.core, criterion.above, criterion.below,
                      criterion.takes_parents_of_children);
  };

  EXPECT_EQ(parts("a.py"), std::tuple("a.py", 0, 0, false));
  EXPECT_EQ(parts("+a.py"), std::tuple("a.py", kAll, 0, false));
  EXPECT_EQ(parts("2+a.py+3"), std::tuple("a.py", 2, 3, false));
  EXPECT_EQ(parts("@tag:x"), std::tuple("tag:x", 0, 0, true));
  EXPECT_EQ(parts("2019.py"), std::tuple("2019.py", 0, 0, false));
  EXPECT_EQ(parts("99999999999+a+"), std::tuple("a", kAll, kAll, false));
  EXPECT_EQ(parts("a+b"), std::tuple("a+b", 0, 0, false));
  EXPECT_EQ(parts("+"), std::tuple("", kAll, 0, false));
  EXPECT_EQ(parts(""), std::tuple("", 0, 0, false));
}

TEST(Selector, IsAUnionOfIntersections) {
  const Selector selector = ParseSelector({"a b,+c", "d"});

  ASSERT_EQ(selector.size(), 3);
  EXPECT_EQ(selector[1].size(), 2);
  EXPECT_EQ(selector[1][1].text, "+c");
  EXPECT_EQ(selector[2][0].core, "d");
}

TEST(Selector, NamesAScriptByTheEndOfItsPath) {
  EXPECT_TRUE(NamesScript("score.py", "scripts/score.py"));
  EXPECT_TRUE(NamesScript("scripts/score.py", "./scripts/score.py"));
  EXPECT_TRUE(NamesScript("./scripts/score.py", "scripts/score.py"));
  EXPECT_TRUE(NamesScript("ml/load", "scripts/ml/load"));
  EXPECT_FALSE(NamesScript("core.py", "scripts/score.py"));
  EXPECT_FALSE(NamesScript("other/score.py", "scripts/score.py"));
  EXPECT_FALSE(NamesScript("a/scripts/score.py", "scripts/score.py"));
  EXPECT_FALSE(NamesScript("scripts", "scripts/score.py"));
}

TEST(Selector, TakesABareWordForAModelNotForAFile) {
  EXPECT_FALSE(NamesScript("load", "scripts/load"));
  EXPECT_FALSE(NamesScript("", "load"));
  EXPECT_FALSE(NamesScript(".", "load"));
}

TEST(Selector, ReachesWhatItsOperatorsAdd) {
  const JointGraph graph(GraphFrom("a; b <- a; c <- b, d; d"),
                         ScriptsFrom("load.py > b; b > score.py"));
  const auto reach = [&](const std::string& text) {
    const Criterion criterion = Only(text);
    return Reach(criterion, ScriptsNamed(criterion.core, graph), graph);
  };

  EXPECT_THAT(reach("score.py"), ElementsAre("b>score.py"));
  EXPECT_THAT(reach("score.py+"), ElementsAre("b>score.py", "c"));
  EXPECT_THAT(reach("+score.py"), ElementsAre("a", "b", "b>score.py", "load.py>b"));
  EXPECT_THAT(reach("1+score.py"), ElementsAre("b", "b>score.py"));
  EXPECT_THAT(reach("load.py+1"), ElementsAre("b", "load.py>b"));
  EXPECT_THAT(reach("0+score.py+0"), ElementsAre("b>score.py"));
  EXPECT_THAT(reach("@score.py"),
              ElementsAre("a", "b", "b>score.py", "c", "d", "load.py>b"));
  EXPECT_THAT(reach("gone.py+"), IsEmpty());
}

}  // namespace
}  // namespace aft
