// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/retried_scripts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace aft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// a → b → c → d, with scripts of b and c left, and e below a alone.
class RetriedScriptsTest : public testing::Test {
 protected:
  RetriedScriptsTest() : scripts_(MakeGraph(), {Of("c"), Of("b")}) {}

  static Graph MakeGraph() {
    Graph graph;
    graph["a"];
    graph["b"].parents = {"a"};
    graph["c"].parents = {"b"};
    graph["d"].parents = {"c"};
    graph["e"].parents = {"a"};
    return graph;
  }

  static NodeScripts Of(const std::string& node) { return {node, true, {Script{}}}; }

  void RunFor(const std::string& node) {
    scripts_.RunFor(
        node,
        [this](const NodeScripts& scripts, RetriedScripts::OnDone on_done) {
          started_.push_back(scripts.node);
          running_[scripts.node] = std::move(on_done);
        },
        [this, node](const std::string& problem) { done_[node] = problem; });
  }

  void End(const std::string& node, const std::string& problem) {
    running_.at(node)(problem);
  }

  RetriedScripts scripts_;
  std::vector<std::string> started_;
  std::map<std::string, RetriedScripts::OnDone> running_;
  std::map<std::string, std::string> done_;  ///< the problem of each node's turn
};

TEST_F(RetriedScriptsTest, RunFromTheTopBeforeWhatIsBelowThem) {
  EXPECT_THAT(scripts_.WaitingNodes(), ElementsAre("b", "c", "d"));

  RunFor("d");
  EXPECT_THAT(started_, ElementsAre("b"));
  End("b", "");
  EXPECT_THAT(started_, ElementsAre("b", "c"));
  EXPECT_THAT(done_, IsEmpty());
  End("c", "");

  EXPECT_EQ(done_.at("d"), "");
  EXPECT_FALSE(scripts_.HasLeft());
}

TEST_F(RetriedScriptsTest, RunOnceForAllThatWaitForThem) {
  RunFor("c");
  RunFor("d");
  EXPECT_THAT(started_, ElementsAre("b"));

  End("b", "");
  EXPECT_THAT(done_, IsEmpty());
  End("c", "");

  EXPECT_EQ(done_.at("c"), "");
  EXPECT_EQ(done_.at("d"), "");
  EXPECT_THAT(started_, ElementsAre("b", "c"));
}

TEST_F(RetriedScriptsTest, RunOnceWhereDbtComesBackToTheModelItself) {
  RunFor("b");
  EXPECT_THAT(started_, ElementsAre("b"));
  EXPECT_THAT(done_, IsEmpty());
  End("b", "");
  EXPECT_EQ(done_.at("b"), "");
  RunFor("c");
  End("c", "it broke");

  RunFor("d");

  EXPECT_EQ(done_.at("c"), "it broke");
  EXPECT_EQ(done_.at("d"), "'c' failed: it broke");
  EXPECT_THAT(started_, ElementsAre("b", "c"));
}

TEST_F(RetriedScriptsTest, KeepBackWhatIsBelowOneThatFails) {
  RunFor("d");
  End("b", "it broke");
  RunFor("c");

  EXPECT_THAT(done_.at("d"), HasSubstr("'b' failed: it broke"));
  EXPECT_THAT(done_.at("c"), HasSubstr("it broke"));
  EXPECT_THAT(started_, ElementsAre("b"));
  EXPECT_TRUE(scripts_.HasLeft());
}

TEST_F(RetriedScriptsTest, AreNotGivenOutBelowOneThatHasFailed) {
  RunFor("d");
  End("b", "it broke");

  EXPECT_FALSE(scripts_.TakeNext({}).has_value());
  EXPECT_EQ(scripts_.TakeLeft().front().node, "c");
}

TEST_F(RetriedScriptsTest, LetPassWhatIsBelowNone) {
  RunFor("e");

  EXPECT_EQ(done_.at("e"), "");
  EXPECT_THAT(started_, IsEmpty());
}

TEST_F(RetriedScriptsTest, AreGivenOutParentsFirstWhereNothingAboveHasFailed) {
  EXPECT_FALSE(scripts_.TakeNext({"a"}).has_value());
  EXPECT_EQ(scripts_.TakeNext({"e"})->node, "b");
  EXPECT_FALSE(scripts_.TakeNext({"b"}).has_value());

  const std::vector<NodeScripts> left = scripts_.TakeLeft();

  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().node, "c");
  EXPECT_THAT(scripts_.TakeLeft(), IsEmpty());
}

}  // namespace
}  // namespace aft
