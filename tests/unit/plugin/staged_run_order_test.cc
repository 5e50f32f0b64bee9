// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/staged/staged_run.h"
#include "tests/support/random_choices.h"
#include "tests/support/shop.h"
#include "tests/support/staged_driver.h"

namespace aft {
namespace {

/// A simulated dbt that builds the stages of a random graph. Its SQL and the scripts fail
/// at random, it is killed or the run interrupted at a random moment, or not at all.
class RandomStagedRun {
 public:
  explicit RandomStagedRun(unsigned seed)
      : random_(seed), nodes_(MakeGraph()), shop_(nodes_), driver_(shop_.path()) {}

  void Run() {
    interrupt_at_ = random_.Chance(0.25) ? random_.Number(0, 20) : -1;
    kill_at_ = random_.Chance(0.1) ? random_.Number(0, 3) : -1;
    Step();
    if (is_interrupted_) return;
    driver_.List({selected_.begin(), selected_.end()});
    for (int step = 0;; ++step) {
      ASSERT_LT(step, 1000) << "the run hangs";
      Step();
      if (driver_.HasEnded()) break;
      if (!driver_.scripts.running.empty()) {
        EndAScript();
      } else if (driver_.Starts()) {
        if (!driver_.command.is_captured) return;
        EXPECT_FALSE(is_interrupted_) << "a stage starts after the interrupt";
        EndAStage();
      }
    }
    Check();
  }

 private:
  std::vector<Node> MakeGraph() {
    std::vector<Node> nodes(static_cast<std::size_t>(random_.Number(1, 8)));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].id = Text("n", i);
      nodes[i].is_ephemeral = random_.Chance(0.25);
      nodes[i].continues_on_error = random_.Chance(0.2);
      for (std::size_t parent = 0; parent < i; ++parent)
        if (random_.Chance(0.3)) nodes[i].parents.push_back(parent);
      if (random_.Chance(0.3)) nodes[i].before.push_back(Text("b", i, ".py"));
      for (int script = random_.Chance(0.5) ? random_.Number(1, 2) : 0; script > 0;
           --script)
        nodes[i].after.push_back(Text("a", i, "_", script, ".py"));
      if (random_.Chance(0.85)) selected_.insert(nodes[i].id);
    }
    return nodes;
  }

  /// One of the moments at which a run may be interrupted.
  void Step() {
    if (interrupt_at_-- != 0) return;
    is_interrupted_ = true;
    driver_.run.Interrupt();
    started_before_interrupt_ = driver_.scripts.started.size();
  }

  void EndAScript() {
    auto ended = driver_.scripts.running.begin();
    std::advance(ended,
                 random_.Number(0, static_cast<int>(driver_.scripts.running.size()) - 1));
    const bool succeeds = random_.Chance(0.85);
    if (!succeeds) failed_scripts_.insert(ended->second.script.id);
    ended_scripts_.insert(ended->second.script.id);
    driver_.scripts.End(ended->first, succeeds);
  }

  void EndAStage() {
    ASSERT_TRUE(driver_.scripts.running.empty());
    std::map<std::string, std::string> statuses;
    const bool is_killed = kill_at_-- == 0;
    bool has_failed = false;
    const std::vector<std::string> stage = driver_.Selected();
    for (std::size_t at = 0; at < nodes_.size(); ++at) {
      if (std::find(stage.begin(), stage.end(), nodes_[at].id) == stage.end()) continue;
      if (is_killed && random_.Chance(0.5)) continue;
      Step();
      const std::string status = StatusOf(at, stage);
      has_failed = has_failed || status != "success";
      statuses[nodes_[at].id] = told_[nodes_[at].id] = status;
      if (status != "skipped") driver_.Tell(nodes_[at].id, status);
    }
    if (is_interrupted_ && random_.Chance(0.5)) statuses.clear();
    is_killed_ = is_killed_ || is_killed || is_interrupted_;
    if (!is_killed && !statuses.empty()) driver_.WriteRunResults(statuses);
    driver_.run.CommandExited(is_killed ? 137 : has_failed || is_interrupted_ ? 1 : 0);
  }

  /// What dbt makes of a node of its stage, all of whose parents it has been through.
  std::string StatusOf(std::size_t at, const std::vector<std::string>& stage) {
    EXPECT_TRUE(built_.insert(nodes_[at].id).second) << nodes_[at].id << " twice";
    ExpectScripts(nodes_[at], When::kBefore);
    for (const std::size_t parent : NearestParents(at)) {
      const std::string& id = nodes_[parent].id;
      if (nodes_[parent].continues_on_error && HasFailed(nodes_[parent])) continue;
      const bool is_beside = std::find(stage.begin(), stage.end(), id) != stage.end();
      if (is_beside && told_[id] != "success") return "skipped";
      EXPECT_TRUE(told_.contains(id)) << id << " above " << nodes_[at].id;
      EXPECT_EQ(told_[id], "success");
      ExpectScripts(nodes_[parent], When::kAfter);
    }
    return random_.Chance(0.9) ? "success" : "error";
  }

  /// All of the node's scripts of this kind have ended well.
  void ExpectScripts(const Node& node, When when) {
    for (const std::string& id : ScriptIds(node)) {
      if ((id.find(".before.") != std::string::npos) != (when == When::kBefore)) continue;
      EXPECT_TRUE(ended_scripts_.contains(id)) << id;
      EXPECT_FALSE(failed_scripts_.contains(id)) << id;
    }
  }

  [[nodiscard]] bool HasFailed(const Node& node) const {
    const std::vector<std::string> ids = ScriptIds(node);
    const auto told = told_.find(node.id);
    return (told != told_.end() && told->second == "error") ||
           std::any_of(ids.begin(), ids.end(), [this](const std::string& id) {
             return failed_scripts_.contains(id);
           });
  }

  [[nodiscard]] bool IsPassed(const Node& node) const {
    return node.is_ephemeral || !selected_.contains(node.id);
  }

  std::set<std::size_t> NearestParents(std::size_t at) const {
    std::set<std::size_t> nearest;
    for (const std::size_t parent : nodes_[at].parents) {
      if (IsPassed(nodes_[parent])) {
        const std::set<std::size_t> above = NearestParents(parent);
        nearest.insert(above.begin(), above.end());
      } else {
        nearest.insert(parent);
      }
    }
    return nearest;
  }

  void Check() {
    CheckScripts();
    CheckNodes();
    EXPECT_TRUE(!is_interrupted_ ||
                driver_.scripts.started.size() == started_before_interrupt_);
  }

  /// Each script of a selected node has come to one end: they ran in their order, up to
  /// the first that failed.
  void CheckScripts() {
    std::map<std::string, std::string> results = shop_.Results();
    for (const Node& node : nodes_) {
      if (!selected_.contains(node.id)) continue;
      bool has_stopped = false;
      for (const std::string& id : ScriptIds(node)) {
        const auto runs = std::count(driver_.scripts.started.begin(),
                                     driver_.scripts.started.end(), id);
        EXPECT_LE(runs, has_stopped ? 0 : 1) << id;
        has_stopped = runs == 0 || failed_scripts_.contains(id);
        EXPECT_EQ(results[id], runs == 0                      ? "skipped"
                               : failed_scripts_.contains(id) ? "error"
                                                              : "success")
            << id;
        results.erase(id);
      }
    }
    EXPECT_THAT(results, testing::IsEmpty());
  }

  [[nodiscard]] bool HasRun(const std::string& id) const {
    const std::vector<std::string>& started = driver_.scripts.started;
    return std::find(started.begin(), started.end(), id) != started.end();
  }

  /// Each selected node that dbt builds, or that has failed, is listed once, with what
  /// became of it.
  void CheckNodes() {
    std::map<std::string, std::string> merged = driver_.Merged();
    bool is_complete = failed_scripts_.empty();
    for (const Node& node : nodes_) {
      const bool has_failed_unbuilt = selected_.contains(node.id) && HasFailed(node);
      if (IsPassed(node) && !has_failed_unbuilt) continue;
      std::string expected = told_.contains(node.id) ? told_[node.id] : "skipped";
      // dbt retry has to come back to a node that lacks what its scripts do.
      for (const std::string& id : ScriptIds(node))
        if (failed_scripts_.contains(id) || (expected == "success" && !HasRun(id)))
          expected = "error";
      // What was cut off has said nothing of the nodes that it was about to skip.
      EXPECT_TRUE(merged[node.id] == expected || (is_killed_ && !merged[node.id].empty()))
          << node.id << " is " << merged[node.id] << ", not " << expected;
      is_complete = is_complete && merged[node.id] == "success";
      merged.erase(node.id);
    }
    EXPECT_THAT(merged, testing::IsEmpty());
    EXPECT_TRUE(driver_.run.exit_code() != 0 || is_complete);
    EXPECT_TRUE(driver_.run.exit_code() == 0 || !is_complete || is_killed_ ||
                is_interrupted_);
  }

  RandomChoices random_;
  std::set<std::string> selected_;
  std::vector<Node> nodes_;
  Shop shop_;
  StagedDriver driver_;
  std::map<std::string, std::string> told_;
  std::set<std::string> built_;
  std::set<std::string> ended_scripts_;
  std::set<std::string> failed_scripts_;
  std::size_t started_before_interrupt_ = 0;
  int interrupt_at_ = -1;
  int kill_at_ = -1;
  bool is_interrupted_ = false;
  bool is_killed_ = false;
};

TEST(StagedRun, KeepsOrderAndSkipsInAnyGraph) {
  for (unsigned seed = 1; seed <= 150 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(Text("seed ", seed));
    RandomStagedRun(seed).Run();
  }
}

}  // namespace
}  // namespace aft
