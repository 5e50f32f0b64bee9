// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/staged/stage_schedule.h"
#include "tests/support/random_choices.h"
#include "tests/support/script_list.h"

namespace aft {
namespace {

using Result = StageSchedule::Result;

/// Runs random graphs to their end, with failures or without.
class RandomStages {
 public:
  explicit RandomStages(unsigned seed, bool has_failures)
      : random_(seed), has_failures_(has_failures) {
    const int count = random_.Number(1, 12);
    for (int i = 0; i < count; ++i) {
      GraphNode node;
      node.type = "model";
      if (random_.Chance(0.2)) node.materialization = "ephemeral";
      for (int parent = 0; parent < i; ++parent)
        if (random_.Chance(0.25)) node.parents.insert(Id(parent));
      if (random_.Chance(0.85)) selected_.insert(Id(i));
      if (random_.Chance(0.4))
        scripts_.push_back(Scripts(Id(i), random_.Number(0, 1), random_.Number(0, 2)));
      graph_.emplace(Id(i), std::move(node));
    }
  }

  void Run() {
    StageSchedule schedule(graph_, selected_, scripts_);
    const std::size_t expected = schedule.CountStages();
    std::size_t stages = 0;
    while (true) {
      RunTurns(schedule);
      const std::vector<std::string> stage = schedule.TakeStage();
      Note(schedule);
      if (stage.empty()) break;
      ++stages;
      for (const std::string& node : stage) ExpectReady(node, stage);
      EndStage(schedule, stage);
    }
    EXPECT_TRUE(has_failures_ || stages == expected) << stages << " " << expected;
    Check(stages);
  }

 private:
  static std::string Id(int number) { return Text("n", number / 10, number % 10); }
  [[nodiscard]] bool HasScripts(const std::string& id, When when) const {
    for (const NodeScripts& of_node : scripts_)
      for (const Script& script : of_node.scripts)
        if (of_node.node == id && script.when == when) return selected_.contains(id);
    return false;
  }
  [[nodiscard]] bool IsPassed(const std::string& id) const {
    return !selected_.contains(id) || graph_.at(id).is_ephemeral();
  }

  void RunTurns(StageSchedule& schedule) {
    std::vector<StageSchedule::Turn> open;
    while (true) {
      for (StageSchedule::Turn& turn : schedule.TakeTurns())
        open.push_back(std::move(turn));
      if (open.empty()) return;
      const int any = random_.Number(0, static_cast<int>(open.size()) - 1);
      const auto turn = open.begin() + any;
      for (const Script& script : turn->scripts)
        EXPECT_TRUE(ran_.insert(script.id).second) << script.id << " ran twice";
      const bool succeeds = !has_failures_ || random_.Chance(0.85);
      if (!succeeds) failed_.insert(turn->node);
      // A script before a node that fails is the end of the node.
      if (!succeeds && !IsPassed(turn->node)) built_.insert(turn->node);
      schedule.EndTurn(turn->node, succeeds ? "" : "no");
      open.erase(turn);
    }
  }

  /// All that the node depends on is built, or is built in the same stage with nothing
  /// between.
  void ExpectReady(const std::string& node, const std::vector<std::string>& stage) {
    EXPECT_FALSE(IsPassed(node));
    EXPECT_TRUE(built_.insert(node).second) << node << " is built twice";
    for (const std::string& parent : NearestParents(node)) {
      const bool is_beside = std::find(stage.begin(), stage.end(), parent) != stage.end();
      EXPECT_TRUE(is_beside || built_.contains(parent)) << parent << " of " << node;
      EXPECT_FALSE(is_beside && HasScripts(parent, When::kAfter)) << node;
      EXPECT_FALSE(failed_.contains(parent)) << node;
    }
  }

  std::set<std::string> NearestParents(const std::string& id) const {
    std::set<std::string> nearest;
    for (const std::string& parent : graph_.at(id).parents) {
      if (!IsPassed(parent)) {
        nearest.insert(parent);
        continue;
      }
      const std::set<std::string> above = NearestParents(parent);
      nearest.insert(above.begin(), above.end());
    }
    return nearest;
  }

  void EndStage(StageSchedule& schedule, const std::vector<std::string>& stage) {
    const std::set<std::string> left(stage.begin(), stage.end());
    // In dbt's order: parents first, and a node below one that failed is skipped.
    for (const auto& [id, node] : graph_) {
      if (!left.contains(id)) continue;
      bool is_skipped = false;
      for (const std::string& parent : NearestParents(id))
        is_skipped = is_skipped || failed_.contains(parent);
      const bool succeeds = !is_skipped && (!has_failures_ || random_.Chance(0.9));
      if (!succeeds) failed_.insert(id);
      schedule.EndNode(id, succeeds     ? Result::kSucceeded
                           : is_skipped ? Result::kSkipped
                                        : Result::kFailed);
    }
  }

  void Note(StageSchedule& schedule) {
    for (const StageSchedule::Skipped& skipped : schedule.TakeSkipped()) {
      const bool is_new = skipped.node.empty() || skipped_.insert(skipped.node).second;
      EXPECT_TRUE(is_new) << skipped.node;
      for (const Script& script : skipped.scripts)
        EXPECT_TRUE(ran_.insert(script.id).second) << script.id;
    }
  }

  /// Each node and script has come to exactly one end, in as few stages as can be.
  void Check(std::size_t stages) {
    for (const auto& [id, node] : graph_)
      EXPECT_EQ(built_.contains(id) + skipped_.contains(id), IsPassed(id) ? 0 : 1) << id;
    for (const NodeScripts& of_node : scripts_)
      for (const Script& script : of_node.scripts)
        EXPECT_EQ(ran_.contains(script.id), selected_.contains(of_node.node))
            << script.id;
    if (has_failures_) return;
    int fewest = 0;
    for (const auto& [id, node] : graph_) fewest = std::max(fewest, StageOf(id));
    EXPECT_EQ(stages, static_cast<std::size_t>(fewest));
  }

  /// The number of the earliest stage after which the node and its scripts are done: the
  /// longest way through the graph, counting cuts.
  int StageOf(const std::string& id) const {
    int before = 0;       // stages that must have ended before dbt gets to this node
    bool is_cut = false;  // whether something runs between that stage and this node
    for (const std::string& parent : graph_.at(id).parents) {
      const int stage = StageOf(parent);
      const bool cuts = IsCutBelow(parent, stage);
      if (stage > before) is_cut = cuts;
      if (stage == before) is_cut = is_cut || cuts;
      before = std::max(before, stage);
    }
    if (IsPassed(id)) return before;
    return is_cut || before == 0 || HasScripts(id, When::kBefore) ? before + 1 : before;
  }

  /// Whether scripts run between stage number `stage` and what is below this node.
  bool IsCutBelow(const std::string& id, int stage) const {
    if (HasScripts(id, When::kAfter)) return true;
    if (!IsPassed(id)) return false;
    if (HasScripts(id, When::kBefore)) return true;
    return std::any_of(graph_.at(id).parents.begin(), graph_.at(id).parents.end(),
                       [&](const std::string& parent) {
                         return StageOf(parent) == stage && IsCutBelow(parent, stage);
                       });
  }

  RandomChoices random_;
  bool has_failures_;
  Graph graph_;
  std::set<std::string> selected_;
  std::vector<NodeScripts> scripts_;
  std::set<std::string> ran_;
  std::set<std::string> built_;
  std::set<std::string> failed_;
  std::set<std::string> skipped_;
};

TEST(StageSchedule, TakesTheFewestStagesThatKeepTheOrder) {
  for (unsigned seed = 1; seed <= 2000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(Text("seed ", seed));
    RandomStages(seed, false).Run();
  }
}

TEST(StageSchedule, BringsEachNodeAndScriptToOneEndWhateverFails) {
  for (unsigned seed = 1; seed <= 2000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(Text("seed ", seed));
    RandomStages(seed, true).Run();
  }
}

}  // namespace
}  // namespace aft
