// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/stage_schedule.h"

#include <utility>

#include "host_shim/error.h"

namespace aft {

StageSchedule::StageSchedule(const Graph& graph, const std::set<std::string>& selected,
                             std::vector<NodeScripts> scripts) {
  AddNodes(graph, selected);
  AddScripts(std::move(scripts));
  for (std::size_t at = 0; at < nodes_.size(); ++at)
    if (nodes_[at].open_parents == 0 && nodes_[at].state == State::kWaiting) BeReady(at);
}

void StageSchedule::AddNodes(const Graph& graph, const std::set<std::string>& selected) {
  for (const auto& [id, node] : graph) {
    places_.emplace(id, nodes_.size());
    nodes_.push_back({});
    nodes_.back().id = id;
    nodes_.back().is_selected = selected.contains(id);
    nodes_.back().is_ephemeral = node.is_ephemeral();
    nodes_.back().continues_on_error = node.continues_on_error;
    if (!nodes_.back().is_passed()) ++built_count_;
  }
  for (const auto& [id, node] : graph) {
    const std::size_t at = places_.at(id);
    if (node.type == "unit_test") {
      JoinModel(at, node.parents);
      continue;
    }
    for (const std::string& parent : node.parents) {
      const auto found = places_.find(parent);
      if (found == places_.end()) continue;
      nodes_[found->second].children.push_back(at);
      ++nodes_[at].open_parents;
    }
  }
}

/// dbt runs a unit test with its model, or not at all. (dbt-core, task/build.py)
void StageSchedule::JoinModel(std::size_t unit_test,
                              const std::set<std::string>& models) {
  if (!nodes_[unit_test].is_selected) return;
  nodes_[unit_test].open_parents = 1;
  for (const std::string& model : models) {
    const auto found = places_.find(model);
    if (found == places_.end() || nodes_[found->second].is_passed()) continue;
    nodes_[found->second].unit_tests.push_back(unit_test);
    return;
  }
  nodes_[unit_test].is_selected = false;
  --built_count_;
}

void StageSchedule::AddScripts(std::vector<NodeScripts> scripts) {
  for (NodeScripts& of_node : scripts) {
    const auto found = places_.find(of_node.node);
    if (found == places_.end()) continue;
    Node& node = nodes_[found->second];
    if (!node.is_selected && !of_node.is_alone) continue;
    for (Script& script : of_node.scripts) {
      // A node that dbt does not build is as good as built when its parents are done.
      const bool is_first = RunsBeforeNode(script.when) || node.is_passed();
      (is_first ? node.before : node.after).push_back(std::move(script));
    }
    node.waits_for_sql = of_node.waits_for_sql && node.is_selected;
  }
}

void StageSchedule::BeReady(std::size_t at) {
  const Node& node = nodes_[at];
  if (node.before.empty()) return Prepared(at);
  AwaitTurn(at);
}

void StageSchedule::AwaitTurn(std::size_t at) {
  nodes_[at].state = State::kReady;
  with_turns_.insert(at);
}

void StageSchedule::Prepared(std::size_t at) {
  if (nodes_[at].is_passed() && !nodes_[at].waits_for_sql) return Finish(at);
  nodes_[at].state = State::kPrepared;
  prepared_.insert(at);
}

void StageSchedule::Finish(std::size_t first) {
  std::vector<std::size_t> open = {first};
  nodes_[first].state = State::kDone;
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    for (const std::size_t child : nodes_[at].children) {
      Node& below = nodes_[child];
      if (--below.open_parents > 0 || below.state != State::kWaiting) continue;
      if (below.is_passed() && below.before.empty()) {
        below.state = State::kDone;
        open.push_back(child);
      } else {
        BeReady(child);
      }
    }
  }
}

void StageSchedule::Leave(std::size_t at, const std::string& reason) {
  Node& node = nodes_[at];
  const bool is_unbuilt = node.state == State::kWaiting || node.state == State::kReady ||
                          node.state == State::kPrepared;
  Skipped skipped{"", "", reason, std::exchange(node.before, {})};
  for (Script& script : std::exchange(node.after, {}))
    skipped.scripts.push_back(std::move(script));
  if (is_unbuilt && !node.is_built && !node.is_passed() && node.failure.empty())
    skipped.node = node.id;
  if (node.is_built && node.state == State::kReady) skipped.built = node.id;
  with_turns_.erase(at);
  prepared_.erase(at);
  node.state = State::kGone;
  if (!skipped.node.empty() || !skipped.scripts.empty())
    skipped_.push_back(std::move(skipped));
  for (const std::size_t unit_test : node.unit_tests)
    if (nodes_[unit_test].state == State::kWaiting) Leave(unit_test, reason);
}

void StageSchedule::Fail(std::size_t at, const std::string& reason) {
  if (!nodes_[at].continues_on_error) return Skip(at, reason);
  Leave(at, reason);
  Finish(at);
}

/// Has the post-hooks of a node that has failed run before it fails what is below. False
/// where it has none.
bool StageSchedule::RunsHooks(std::size_t at, const std::string& reason) {
  if (!stopped_for_.empty()) return false;
  Node& node = nodes_[at];
  Skipped skipped{"", "", reason, {}};
  std::vector<Script> hooks;
  for (Script& script : std::exchange(node.after, {}))
    (IsHook(script.when) ? hooks : skipped.scripts).push_back(std::move(script));
  if (!skipped.scripts.empty()) skipped_.push_back(std::move(skipped));
  if (hooks.empty()) return false;
  node.after = std::move(hooks);
  node.failure = reason;
  AwaitTurn(at);
  return true;
}

bool StageSchedule::AwaitsHooks(const std::string& node) const {
  const auto found = places_.find(node);
  return found != places_.end() && !nodes_[found->second].failure.empty();
}

/// All that is below goes as well, past models that would let it pass if they failed.
void StageSchedule::Skip(std::size_t first, const std::string& reason) {
  std::vector<std::size_t> open = {first};
  Leave(first, reason);
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    for (const std::size_t child : nodes_[at].children) {
      if (nodes_[child].state != State::kWaiting) continue;
      Leave(child, reason);
      open.push_back(child);
    }
  }
}

std::vector<StageSchedule::Turn> StageSchedule::TakeTurns() {
  std::vector<Turn> turns;
  for (const std::size_t at : std::exchange(with_turns_, {})) {
    Node& node = nodes_[at];
    std::vector<Script>& scripts = node.before.empty() ? node.after : node.before;
    turns.push_back({node.id, std::exchange(scripts, {})});
    node.state = State::kInTurn;
  }
  return turns;
}

void StageSchedule::GiveBack(Turn turn) {
  const std::size_t at = places_.at(turn.node);
  Node& node = nodes_[at];
  const bool is_before = RunsBeforeNode(turn.scripts.front().when);
  (is_before ? node.before : node.after) = std::move(turn.scripts);
  AwaitTurn(at);
}

void StageSchedule::EndTurn(const std::string& node, const std::string& problem,
                            bool runs_hooks) {
  const std::size_t at = places_.at(node);
  if (nodes_[at].state != State::kInTurn) return;
  if (!nodes_[at].failure.empty()) {
    Fail(at, std::exchange(nodes_[at].failure, ""));
  } else if (!problem.empty()) {
    const std::string reason = Text("'", node, "' failed: ", problem);
    if (nodes_[at].is_built || !runs_hooks || !RunsHooks(at, reason)) Fail(at, reason);
  } else if (nodes_[at].is_built) {
    Finish(at);
  } else if (!stopped_for_.empty()) {
    nodes_[at].state = State::kReady;
    Leave(at, stopped_for_);
  } else {
    Prepared(at);
  }
}

std::vector<std::string> StageSchedule::TakeStage() {
  std::vector<std::string> stage;
  std::map<std::size_t, std::size_t> covered;  // parents of a node that the stage builds
  std::vector<std::size_t> open(prepared_.begin(), prepared_.end());
  prepared_.clear();
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    const bool is_only_compiled = std::exchange(nodes_[at].waits_for_sql, false);
    if (!nodes_[at].is_passed() || is_only_compiled) Include(at, stage);
    const bool lets_pass = nodes_[at].after.empty() && !is_only_compiled;
    for (const std::size_t child : nodes_[at].children) {
      const bool is_compiled =
          nodes_[child].state == State::kWaiting && nodes_[child].waits_for_sql;
      if (!is_compiled && (!lets_pass || !MayJoin(child))) continue;
      if (++covered[child] < nodes_[child].open_parents) continue;
      if (!is_compiled) {
        open.push_back(child);
        continue;
      }
      // dbt compiles it after its parents. Its scripts come after the stage.
      nodes_[child].waits_for_sql = false;
      stage.push_back(nodes_[child].id);
    }
  }
  return stage;
}

void StageSchedule::Include(std::size_t at, std::vector<std::string>& stage) {
  nodes_[at].state = State::kInStage;
  stage.push_back(nodes_[at].id);
  for (const std::size_t unit_test : nodes_[at].unit_tests) Include(unit_test, stage);
}

bool StageSchedule::MayJoin(std::size_t at) const {
  return nodes_[at].state == State::kWaiting && nodes_[at].before.empty();
}

void StageSchedule::EndNode(const std::string& id, Result result) {
  const auto found = places_.find(id);
  if (found == places_.end()) return;
  const std::size_t at = found->second;
  Node& node = nodes_[at];
  if (node.state != State::kInStage) return;
  const std::string reason = Text("'", id, "' failed");
  if (result == Result::kSkipped) return Skip(at, reason);
  if (result == Result::kFailed) {
    if (!RunsHooks(at, reason)) Fail(at, reason);
    return;
  }
  node.is_built = true;
  if (node.after.empty()) return Finish(at);
  AwaitTurn(at);
}

void StageSchedule::Stop(const std::string& reason) {
  if (stopped_for_.empty()) stopped_for_ = reason;
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    const State state = nodes_[at].state;
    if (state == State::kWaiting || state == State::kReady || state == State::kPrepared)
      Leave(at, reason);
  }
}

std::size_t StageSchedule::CountStages() const {
  StageSchedule rehearsal = *this;
  std::size_t count = 0;
  while (true) {
    for (std::vector<Turn> turns = rehearsal.TakeTurns(); !turns.empty();
         turns = rehearsal.TakeTurns())
      for (const Turn& turn : turns) rehearsal.EndTurn(turn.node);
    const std::vector<std::string> stage = rehearsal.TakeStage();
    if (stage.empty()) return count;
    ++count;
    for (const std::string& node : stage) rehearsal.EndNode(node, Result::kSucceeded);
  }
}

std::vector<StageSchedule::Skipped> StageSchedule::TakeSkipped() {
  return std::exchange(skipped_, {});
}

}  // namespace aft
