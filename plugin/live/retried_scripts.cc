// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/retried_scripts.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"

namespace aft {

RetriedScripts::RetriedScripts(const Graph& graph, std::vector<NodeScripts> scripts) {
  for (NodeScripts& of_node : scripts) {
    std::set<std::string> above = AncestorsOf(of_node.node, graph);
    models_.push_back(
        {std::move(of_node), std::move(above), State::kLeft, "", false, {}});
  }
  // What is further down has more above it.
  std::stable_sort(models_.begin(), models_.end(), [](const Model& a, const Model& b) {
    return a.above.size() < b.above.size();
  });
  if (models_.empty()) return;
  const Children children = ChildrenOf(graph);
  for (std::size_t at = 0; at < models_.size(); ++at) {
    awaited_[models_[at].scripts.node].push_back(at);
    for (const std::string& id : DescendantsOf(models_[at].scripts.node, children))
      awaited_[id].push_back(at);
  }
}

bool RetriedScripts::HasLeft() const {
  return std::any_of(models_.begin(), models_.end(),
                     [](const Model& model) { return model.state == State::kLeft; });
}

std::vector<std::string> RetriedScripts::WaitingNodes() const {
  std::vector<std::string> nodes;
  nodes.reserve(awaited_.size());
  for (const auto& [id, models] : awaited_) nodes.push_back(id);
  return nodes;
}

void RetriedScripts::RunFor(const std::string& node, const Start& start,
                            const OnDone& on_done) {
  Go({node, AwaitedBy(node), start, on_done}, 0);
}

void RetriedScripts::RunAbove(const std::string& node, const Start& start,
                              const OnDone& on_done) {
  std::vector<std::size_t> above = AwaitedBy(node);
  std::erase_if(above, [&](std::size_t at) { return models_[at].scripts.node == node; });
  Go({node, std::move(above), start, on_done}, 0);
}

std::vector<std::size_t> RetriedScripts::AwaitedBy(const std::string& node) const {
  const auto found = awaited_.find(node);
  return found == awaited_.end() ? std::vector<std::size_t>() : found->second;
}

void RetriedScripts::Go(const Turn& turn, std::size_t next) {
  if (next == turn.models.size()) return turn.on_done("");
  const std::size_t at = turn.models[next];
  Model& model = models_[at];
  if (model.state == State::kDone) {
    if (model.problem.empty()) return Go(turn, next + 1);
    const std::string& node = model.scripts.node;
    model.is_told = model.is_told || node == turn.node;
    return turn.on_done(node == turn.node ? model.problem
                                          : Text("'", node, "' failed: ", model.problem));
  }
  model.waiting.emplace_back([this, turn, next] { Go(turn, next); });
  if (std::exchange(model.state, State::kRunning) == State::kRunning) return;
  turn.start(model.scripts, [this, at](const std::string& problem) { End(at, problem); });
}

void RetriedScripts::End(std::size_t at, const std::string& problem) {
  models_[at].state = State::kDone;
  models_[at].problem = problem;
  for (const std::function<void()>& go_on : std::exchange(models_[at].waiting, {}))
    go_on();
}

std::optional<NodeScripts> RetriedScripts::TakeNext(const std::set<std::string>& failed) {
  std::set<std::string> broken = failed;
  for (const Model& model : models_)
    if (!model.problem.empty()) broken.insert(model.scripts.node);
  for (Model& model : models_) {
    const bool is_kept_back =
        std::any_of(model.above.begin(), model.above.end(),
                    [&](const std::string& id) { return broken.contains(id); });
    if (model.state != State::kLeft || is_kept_back) continue;
    model.state = State::kDone;
    return model.scripts;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> RetriedScripts::UntoldFailures() const {
  std::vector<std::pair<std::string, std::string>> failures;
  for (const Model& model : models_)
    if (!model.problem.empty() && !model.is_told)
      failures.emplace_back(model.scripts.node, model.problem);
  return failures;
}

std::vector<NodeScripts> RetriedScripts::TakeLeft() {
  std::vector<NodeScripts> left;
  for (Model& model : models_)
    if (std::exchange(model.state, State::kDone) == State::kLeft)
      left.push_back(model.scripts);
  return left;
}

}  // namespace aft
