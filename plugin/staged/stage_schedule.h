// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugin/project/graph.h"
#include "plugin/project/script.h"
#include "plugin/scripts/bound_scripts.h"

namespace aft {

/// Cuts a run of dbt at the nodes that scripts are bound to: which scripts may run now,
/// which nodes dbt may build next, in one go, and what will not run any more.
///
/// Each stage takes all nodes that no outstanding script keeps back, so that there are as
/// few stages as keep the order. Starts nothing and asks no clock, so that a test can
/// walk it through any order of events.
class StageSchedule {
 public:
  /// The scripts of a node that run one after another.
  struct Turn {
    std::string node;
    std::vector<Script> scripts;
  };

  /// What will not run, and why.
  struct Skipped {
    std::string node;   ///< that dbt will not build; empty where only scripts are skipped
    std::string built;  ///< that dbt has built, but whose scripts will not run; or empty
    std::string reason;
    std::vector<Script> scripts;
  };

  enum class Result { kSucceeded, kFailed, kSkipped };

  /// A run of the nodes `selected` of `graph`; scripts of others run only if they run
  /// alone. Edges through nodes that are not selected count as dbt counts them.
  StageSchedule(const Graph& graph, const std::set<std::string>& selected,
                std::vector<NodeScripts> scripts);

  /// All turns that may start now; each is given out once.
  std::vector<Turn> TakeTurns();
  /// The turn has not started, and will not: Stop() is going to skip it.
  void GiveBack(Turn turn);
  /// All scripts of the turn have succeeded, or there is a `problem`. A node that fails
  /// before it is built has its post-hooks run where `runs_hooks`, unless those were the
  /// turn.
  void EndTurn(const std::string& node, const std::string& problem = "",
               bool runs_hooks = false);

  /// The nodes for dbt's next run, which has to end before another stage is taken. Empty
  /// when scripts have to end first, and at the end. Ephemeral ones are only compiled.
  std::vector<std::string> TakeStage();
  /// What became of a node of the stage. Does nothing for other nodes.
  void EndNode(const std::string& id, Result result);

  /// Whether the node has failed and its post-hooks are still to run.
  [[nodiscard]] bool AwaitsHooks(const std::string& node) const;

  /// Nothing further starts: all that has not begun is skipped for `reason`.
  void Stop(const std::string& reason);

  /// What has come to be skipped since the last call, in the order of the graph.
  std::vector<Skipped> TakeSkipped();

  /// Whether `node` is one of the nodes of the run.
  [[nodiscard]] bool Selects(const std::string& node) const {
    return nodes_[places_.at(node)].is_selected;
  }

  /// How many stages are still to come if nothing fails.
  [[nodiscard]] std::size_t CountStages() const;

  /// The number of nodes that dbt builds in all stages together.
  [[nodiscard]] std::size_t size() const { return built_count_; }

 private:
  enum class State { kWaiting, kReady, kInTurn, kPrepared, kInStage, kDone, kGone };

  struct Node {
    std::string id;
    bool is_selected = false;
    bool is_ephemeral = false;
    bool continues_on_error = false;
    std::vector<Script> before;
    std::vector<Script> after;
    bool waits_for_sql = false;  ///< until a stage has had dbt compile it
    std::vector<std::size_t> children;
    std::vector<std::size_t> unit_tests;  ///< dbt runs them with their model only
    std::size_t open_parents = 0;
    State state = State::kWaiting;
    bool is_built = false;
    std::string failure;  ///< why it has failed, while its post-hooks are to run

    /// dbt has nothing to do for it.
    [[nodiscard]] bool is_passed() const { return !is_selected || is_ephemeral; }
  };

  void AddNodes(const Graph& graph, const std::set<std::string>& selected);
  void JoinModel(std::size_t unit_test, const std::set<std::string>& models);
  void AddScripts(std::vector<NodeScripts> scripts);
  void BeReady(std::size_t at);
  void AwaitTurn(std::size_t at);
  void Prepared(std::size_t at);
  void Finish(std::size_t first);
  void Fail(std::size_t at, const std::string& reason);
  bool RunsHooks(std::size_t at, const std::string& reason);
  void Skip(std::size_t first, const std::string& reason);
  void Leave(std::size_t at, const std::string& reason);
  void Include(std::size_t at, std::vector<std::string>& stage);
  [[nodiscard]] bool MayJoin(std::size_t at) const;

  std::vector<Node> nodes_;
  std::map<std::string, std::size_t> places_;
  std::set<std::size_t> with_turns_;  ///< nodes whose next turn may start
  std::set<std::size_t> prepared_;    ///< nodes that dbt may build
  std::vector<Skipped> skipped_;
  std::string stopped_for_;  ///< why nothing further starts; or empty
  std::size_t built_count_ = 0;
};

}  // namespace aft
