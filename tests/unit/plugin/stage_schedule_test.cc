// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/stage_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/script_list.h"
#include "tests/support/text_graph.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Result = StageSchedule::Result;

std::set<std::string> AllOf(const Graph& graph) {
  std::set<std::string> ids;
  for (const auto& [id, node] : graph) ids.insert(id);
  return ids;
}

std::vector<std::string> NodesOf(const std::vector<StageSchedule::Turn>& turns) {
  std::vector<std::string> nodes;
  for (const StageSchedule::Turn& turn : turns) nodes.push_back(turn.node);
  return nodes;
}

std::vector<std::string> SkippedBy(StageSchedule& schedule) {
  std::vector<std::string> nodes;
  for (const StageSchedule::Skipped& skipped : schedule.TakeSkipped())
    nodes.push_back(skipped.node);
  return nodes;
}

TEST(StageSchedule, TakesAllInOneStageWhereNoScriptIsBound) {
  const Graph graph = GraphFrom("a; b <- a; (e) <- b; c <- e");
  StageSchedule schedule(graph, AllOf(graph), {});

  EXPECT_THAT(schedule.TakeTurns(), IsEmpty());
  EXPECT_THAT(schedule.TakeStage(), UnorderedElementsAre("a", "b", "c"));
  EXPECT_EQ(schedule.size(), 3);
}

TEST(StageSchedule, CutsAfterANodeWhoseScriptsFollowIt) {
  const Graph graph = GraphFrom("a; b <- a; other");
  StageSchedule schedule(graph, AllOf(graph), {Scripts("a", 0, 1)});

  EXPECT_THAT(schedule.TakeStage(), UnorderedElementsAre("a", "other"));
  schedule.EndNode("a", Result::kSucceeded);
  schedule.EndNode("other", Result::kSucceeded);
  EXPECT_THAT(schedule.TakeStage(), IsEmpty());
  EXPECT_THAT(NodesOf(schedule.TakeTurns()), ElementsAre("a"));
  schedule.EndTurn("a");

  EXPECT_THAT(schedule.TakeStage(), ElementsAre("b"));
}

TEST(StageSchedule, RunsScriptsOfAnEphemeralModelWhenItsParentsAreDone) {
  const Graph graph = GraphFrom("a; (e) <- a; b <- e");
  StageSchedule schedule(graph, AllOf(graph), {Scripts("e", 1, 1)});

  EXPECT_THAT(schedule.TakeStage(), ElementsAre("a"));
  schedule.EndNode("a", Result::kSucceeded);
  const std::vector<StageSchedule::Turn> turns = schedule.TakeTurns();
  ASSERT_THAT(NodesOf(turns), ElementsAre("e"));
  EXPECT_EQ(turns.front().scripts.size(), 2);
  schedule.EndTurn("e");

  EXPECT_THAT(schedule.TakeStage(), ElementsAre("b"));
}

TEST(StageSchedule, RunsFirstWhatComesBeforeANodeWithoutParents) {
  const Graph graph = GraphFrom("a; b <- a");
  StageSchedule schedule(graph, AllOf(graph), {Scripts("a", 1, 0)});

  EXPECT_THAT(NodesOf(schedule.TakeTurns()), ElementsAre("a"));
  EXPECT_THAT(schedule.TakeStage(), IsEmpty());
  schedule.EndTurn("a");

  EXPECT_THAT(schedule.TakeStage(), UnorderedElementsAre("a", "b"));
}

TEST(StageSchedule, SkipsWhatIsBelowAFailedScript) {
  const Graph graph = GraphFrom("a; u <- a; b <- u; c");
  StageSchedule schedule(graph, {"a", "b", "c"},
                         {Scripts("a", 0, 1), Scripts("b", 0, 1)});
  for (const std::string& node : schedule.TakeStage())
    schedule.EndNode(node, Result::kSucceeded);
  ASSERT_THAT(NodesOf(schedule.TakeTurns()), ElementsAre("a"));

  schedule.EndTurn("a", "no");

  const std::vector<StageSchedule::Skipped> skipped = schedule.TakeSkipped();
  ASSERT_EQ(skipped.size(), 1);
  EXPECT_EQ(skipped.front().node, "b");
  EXPECT_EQ(skipped.front().scripts.size(), 1);
  EXPECT_EQ(skipped.front().reason, "'a' failed: no");
  EXPECT_THAT(schedule.TakeStage(), IsEmpty());
}

TEST(StageSchedule, SkipsWhatIsBelowANodeThatDbtCouldNotBuild) {
  const Graph graph = GraphFrom("a; b <- a; c <- b");
  StageSchedule schedule(graph, AllOf(graph), {Scripts("b", 0, 1)});
  ASSERT_THAT(schedule.TakeStage(), UnorderedElementsAre("a", "b"));

  schedule.EndNode("a", Result::kFailed);
  schedule.EndNode("b", Result::kSkipped);

  EXPECT_THAT(SkippedBy(schedule), ElementsAre("", "c"));
  EXPECT_THAT(schedule.TakeTurns(), IsEmpty());
}

TEST(StageSchedule, LetsChildrenWaitForTheTestsOfTheirParents) {
  Graph graph = GraphFrom("a; b <- a; test_a <- a");
  AddTestEdges(graph);
  StageSchedule schedule(graph, AllOf(graph), {Scripts("a", 0, 1)});
  ASSERT_THAT(schedule.TakeStage(), ElementsAre("a"));
  schedule.EndNode("a", Result::kSucceeded);
  ASSERT_THAT(NodesOf(schedule.TakeTurns()), ElementsAre("a"));
  schedule.EndTurn("a");
  ASSERT_THAT(schedule.TakeStage(), UnorderedElementsAre("b", "test_a"));

  schedule.EndNode("test_a", Result::kFailed);
  schedule.EndNode("b", Result::kSkipped);

  EXPECT_THAT(schedule.TakeStage(), IsEmpty());
}

TEST(StageSchedule, PutsUnitTestsIntoTheStageOfTheirModel) {
  Graph graph = GraphFrom("a; b <- a; u_b <- b; u_a <- a");
  graph.at("u_a").type = graph.at("u_b").type = "unit_test";
  StageSchedule schedule(graph, {"b", "u_a", "u_b"}, {Scripts("b", 1, 0)});

  EXPECT_EQ(schedule.size(), 2);
  EXPECT_THAT(NodesOf(schedule.TakeTurns()), ElementsAre("b"));
  EXPECT_THAT(schedule.TakeStage(), IsEmpty());
  schedule.EndTurn("b");
  EXPECT_THAT(schedule.TakeStage(), UnorderedElementsAre("b", "u_b"));
  schedule.EndNode("u_b", Result::kFailed);
  schedule.EndNode("b", Result::kSkipped);

  EXPECT_THAT(schedule.TakeSkipped(), IsEmpty());
  EXPECT_THAT(schedule.TakeStage(), IsEmpty());
}

TEST(StageSchedule, SkipsUnitTestsWithTheirModel) {
  Graph graph = GraphFrom("a; b <- a; u_b <- b");
  graph.at("u_b").type = "unit_test";
  StageSchedule schedule(graph, AllOf(graph), {Scripts("a", 0, 1)});
  ASSERT_THAT(schedule.TakeStage(), ElementsAre("a"));
  schedule.EndNode("a", Result::kSucceeded);
  ASSERT_THAT(NodesOf(schedule.TakeTurns()), ElementsAre("a"));

  schedule.EndTurn("a", "no");

  EXPECT_THAT(SkippedBy(schedule), ElementsAre("b", "u_b"));
}

TEST(StageSchedule, BuildsTheChildrenOfAFailedModelThatContinuesOnError) {
  Graph graph = GraphFrom("a; b <- a; c; d <- a, c");
  graph.at("a").continues_on_error = true;
  StageSchedule schedule(graph, AllOf(graph), {Scripts("a", 0, 1), Scripts("c", 1, 0)});
  EXPECT_THAT(NodesOf(schedule.TakeTurns()), ElementsAre("c"));
  EXPECT_THAT(schedule.TakeStage(), ElementsAre("a"));
  schedule.EndNode("a", Result::kFailed);
  schedule.EndTurn("c", "no");

  EXPECT_THAT(schedule.TakeStage(), ElementsAre("b"));
  EXPECT_THAT(SkippedBy(schedule), ElementsAre("", "d"));
}

TEST(StageSchedule, BuildsTheChildrenOfAModelThatContinuesOnErrorOfItsScript) {
  Graph graph = GraphFrom("a; (e); b <- a; c <- e");
  for (const char* id : {"a", "e"}) graph.at(id).continues_on_error = true;
  StageSchedule schedule(graph, AllOf(graph), {Scripts("a", 1, 0), Scripts("e", 0, 1)});
  EXPECT_THAT(NodesOf(schedule.TakeTurns()), ElementsAre("a", "e"));

  schedule.EndTurn("a", "no");
  schedule.EndTurn("e", "no");

  EXPECT_THAT(schedule.TakeStage(), UnorderedElementsAre("b", "c"));
}

// As in dbt, where a failure marks all that is below it.
TEST(StageSchedule, SkipsPastAModelThatContinuesOnErrorAndIsSkipped) {
  Graph graph = GraphFrom("a; b <- a; c <- b");
  graph.at("b").continues_on_error = true;
  StageSchedule schedule(graph, AllOf(graph), {Scripts("b", 0, 1)});
  EXPECT_THAT(schedule.TakeStage(), UnorderedElementsAre("a", "b"));

  schedule.EndNode("a", Result::kFailed);
  schedule.EndNode("b", Result::kSkipped);

  EXPECT_THAT(schedule.TakeStage(), IsEmpty());
  EXPECT_THAT(SkippedBy(schedule), ElementsAre("", "c"));
}

TEST(StageSchedule, StartsNothingAfterAStop) {
  const Graph graph = GraphFrom("a; b <- a; c");
  StageSchedule schedule(graph, AllOf(graph), {Scripts("a", 0, 1)});
  for (const std::string& node : schedule.TakeStage())
    schedule.EndNode(node, Result::kSucceeded);

  schedule.Stop("interrupted");

  EXPECT_THAT(schedule.TakeTurns(), IsEmpty());
  EXPECT_THAT(schedule.TakeStage(), IsEmpty());
  const std::vector<StageSchedule::Skipped> skipped = schedule.TakeSkipped();
  ASSERT_EQ(skipped.size(), 2);
  EXPECT_EQ(skipped.front().built, "a");
  EXPECT_EQ(skipped.front().node, "");
  EXPECT_EQ(skipped.back().node, "b");
}

TEST(StageSchedule, LeavesANodeThatWasPreparedWhileAStopCame) {
  const Graph graph = GraphFrom("a");
  StageSchedule schedule(graph, AllOf(graph), {Scripts("a", 1, 1)});
  EXPECT_THAT(NodesOf(schedule.TakeTurns()), ElementsAre("a"));

  schedule.Stop("interrupted");
  schedule.EndTurn("a");

  EXPECT_THAT(schedule.TakeStage(), IsEmpty());
  const std::vector<StageSchedule::Skipped> skipped = schedule.TakeSkipped();
  ASSERT_EQ(skipped.size(), 1);
  EXPECT_EQ(skipped.front().node, "a");
  EXPECT_EQ(skipped.front().reason, "interrupted");
  EXPECT_EQ(skipped.front().scripts.size(), 1);
}

TEST(StageSchedule, SkipsTurnsThatHaveNotStarted) {
  const Graph graph = GraphFrom("a; b; c");
  StageSchedule schedule(graph, AllOf(graph), {Scripts("a", 1, 1), Scripts("b", 0, 1)});
  schedule.GiveBack(schedule.TakeTurns().front());
  for (const std::string& node : schedule.TakeStage())
    schedule.EndNode(node, Result::kSucceeded);
  std::vector<StageSchedule::Turn> turns = schedule.TakeTurns();
  ASSERT_THAT(NodesOf(turns), ElementsAre("a", "b"));
  for (StageSchedule::Turn& turn : turns) schedule.GiveBack(std::move(turn));

  schedule.Stop("interrupted");

  const std::vector<StageSchedule::Skipped> skipped = schedule.TakeSkipped();
  ASSERT_EQ(skipped.size(), 2);
  EXPECT_EQ(skipped[0].node, "a");
  EXPECT_EQ(skipped[0].scripts.size(), 2);
  EXPECT_EQ(skipped[1].built, "b");
  EXPECT_EQ(skipped[1].scripts.size(), 1);
  EXPECT_THAT(schedule.TakeTurns(), IsEmpty());
}

TEST(StageSchedule, HasDbtCompileAPlaceholderWithItsParents) {
  Graph graph;
  graph["orders"].type = graph["placeholder"].type = graph["report"].type = "model";
  graph["placeholder"].materialization = "ephemeral";
  graph["placeholder"].parents = {"orders"};
  graph["report"].parents = {"placeholder"};
  Script script;
  script.id = "script";
  StageSchedule schedule(graph, {"orders", "placeholder", "report"},
                         {{"placeholder", true, {script}, true}});

  EXPECT_EQ(schedule.CountStages(), 2U);
  EXPECT_THAT(schedule.TakeStage(), ElementsAre("orders", "placeholder"));
  schedule.EndNode("orders", StageSchedule::Result::kSucceeded);
  EXPECT_EQ(schedule.TakeTurns().size(), 1U);
  schedule.EndTurn("placeholder");
  EXPECT_THAT(schedule.TakeStage(), ElementsAre("report"));
}

TEST(StageSchedule, HasDbtCompileAPlaceholderBeforeItsChildrenAtTheLatest) {
  Graph graph;
  graph["placeholder"].type = graph["report"].type = "model";
  graph["placeholder"].materialization = "ephemeral";
  graph["report"].parents = {"placeholder"};
  Script script;
  script.id = "script";
  StageSchedule schedule(graph, {"placeholder", "report"},
                         {{"placeholder", true, {script}, true}});

  EXPECT_EQ(schedule.TakeTurns().size(), 1U);
  schedule.EndTurn("placeholder");
  EXPECT_THAT(schedule.TakeStage(), ElementsAre("placeholder"));
  EXPECT_THAT(schedule.TakeStage(), ElementsAre());
  schedule.EndNode("placeholder", StageSchedule::Result::kFailed);
  EXPECT_THAT(schedule.TakeStage(), ElementsAre());
  EXPECT_EQ(schedule.TakeSkipped().back().node, "report");
}

TEST(StageSchedule, RunsScriptsOfANodeThatItDoesNotBuildBeforeWhatIsBelow) {
  const Graph graph = GraphFrom("a; b <- a; c <- b");
  NodeScripts alone = Scripts("b", 1, 1);
  alone.is_alone = true;
  StageSchedule schedule(graph, {"a", "c"}, {alone, Scripts("c", 0, 1)});

  EXPECT_THAT(NodesOf(schedule.TakeTurns()), IsEmpty());
  EXPECT_THAT(schedule.TakeStage(), ElementsAre("a"));
  schedule.EndNode("a", Result::kSucceeded);
  const std::vector<StageSchedule::Turn> turns = schedule.TakeTurns();
  ASSERT_THAT(NodesOf(turns), ElementsAre("b"));
  EXPECT_EQ(turns.front().scripts.size(), 2);
  EXPECT_THAT(schedule.TakeStage(), IsEmpty());
  schedule.EndTurn("b");
  EXPECT_THAT(schedule.TakeStage(), ElementsAre("c"));
}

TEST(StageSchedule, BuildsNothingBelowAFailedScriptOfANodeThatItDoesNotBuild) {
  const Graph graph = GraphFrom("b; c <- b");
  NodeScripts alone = Scripts("b", 0, 1);
  alone.is_alone = true;
  StageSchedule schedule(graph, {"c"}, {alone});

  ASSERT_THAT(NodesOf(schedule.TakeTurns()), ElementsAre("b"));
  schedule.EndTurn("b", "no");

  EXPECT_THAT(SkippedBy(schedule), ElementsAre("c"));
}

}  // namespace
}  // namespace aft
