// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

void Add(Graph& graph, const std::string& id, std::set<std::string> parents) {
  GraphNode node;
  node.type = id.substr(0, id.find('.'));
  node.parents = std::move(parents);
  graph.emplace(id, std::move(node));
}

TEST(TestEdges, LetTheNearestChildrenWait) {
  Graph graph;
  Add(graph, "model.a", {});
  Add(graph, "model.b", {"model.a"});
  Add(graph, "model.c", {"model.b"});
  Add(graph, "model.other", {});
  Add(graph, "test.a", {"model.a"});

  AddTestEdges(graph);

  EXPECT_THAT(graph.at("model.b").parents, ElementsAre("model.a", "test.a"));
  EXPECT_THAT(graph.at("model.c").parents, ElementsAre("model.b"));
  EXPECT_THAT(graph.at("model.other").parents, IsEmpty());
}

TEST(TestEdges, HoldOnlyWhatIsBelowAllThatATestReads) {
  Graph graph;
  Add(graph, "model.a", {});
  Add(graph, "model.b", {});
  Add(graph, "model.of_a", {"model.a"});
  Add(graph, "model.of_both", {"model.a", "model.b"});
  Add(graph, "test.both", {"model.a", "model.b"});

  AddTestEdges(graph);

  EXPECT_THAT(graph.at("model.of_a").parents, ElementsAre("model.a"));
  EXPECT_THAT(graph.at("model.of_both").parents,
              ElementsAre("model.a", "model.b", "test.both"));
}

TEST(TestEdges, LetNoTestWaitForAnother) {
  Graph graph;
  Add(graph, "source.s", {});
  Add(graph, "model.a", {"source.s"});
  Add(graph, "test.a", {"model.a"});
  Add(graph, "test.s", {"source.s"});

  AddTestEdges(graph);

  EXPECT_THAT(graph.at("test.a").parents, ElementsAre("model.a"));
  EXPECT_THAT(graph.at("model.a").parents, ElementsAre("source.s", "test.s"));
}

TEST(TestEdges, EndInAGraphThatLeadsInACircle) {
  Graph graph;
  Add(graph, "model.a", {"model.b"});
  Add(graph, "model.b", {"model.a"});
  Add(graph, "test.a", {"model.a"});
  Add(graph, "test.of_nothing", {});
  Add(graph, "test.of_unknown", {"model.gone"});

  AddTestEdges(graph);

  EXPECT_EQ(graph.size(), 5);
}

TEST(ExactSelector, NamesANodeInItsFile) {
  EXPECT_EQ(ExactSelector({"shop", "staging", "orders"}, "models/staging/orders.sql"),
            "fqn:shop.staging.orders,path:models/staging/orders.sql");
}

TEST(ExactSelector, LeavesNothingThatDbtWouldReadAsMore) {
  EXPECT_EQ(ExactSelector({"shop", "a,b c+*"}, "models/[a]/ü.sql"),
            "fqn:shop.a?b?c??,path:models/?a?/??.sql");
}

}  // namespace
}  // namespace aft
