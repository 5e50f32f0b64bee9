// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/retried_scripts.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

std::set<std::string> AncestorsOf(const std::string& id, const Graph& graph) {
  std::set<std::string> found;
  std::vector<std::string> open = {id};
  while (!open.empty()) {
    const auto node = graph.find(open.back());
    open.pop_back();
    if (node == graph.end()) continue;
    for (const std::string& parent : node->second.parents)
      if (found.insert(parent).second) open.push_back(parent);
  }
  return found;
}

}  // namespace

RetriedScripts::RetriedScripts(const Graph& graph, std::vector<NodeScripts> scripts) {
  for (NodeScripts& of_node : scripts) {
    std::set<std::string> above = AncestorsOf(of_node.node, graph);
    models_.push_back({std::move(of_node), std::move(above), State::kLeft, "", {}});
  }
  // What is further down has more above it.
  std::stable_sort(models_.begin(), models_.end(), [](const Model& a, const Model& b) {
    return a.above.size() < b.above.size();
  });
  if (models_.empty()) return;
  const Children children = ChildrenOf(graph);
  for (std::size_t at = 0; at < models_.size(); ++at)
    for (const std::string& id : DescendantsOf(models_[at].scripts.node, children))
      above_[id].push_back(at);
}

bool RetriedScripts::HasLeft() const {
  return std::any_of(models_.begin(), models_.end(),
                     [](const Model& model) { return model.state == State::kLeft; });
}

std::vector<std::string> RetriedScripts::NodesBelow() const {
  std::vector<std::string> nodes;
  nodes.reserve(above_.size());
  for (const auto& [id, models] : above_) nodes.push_back(id);
  return nodes;
}

void RetriedScripts::RunAbove(const std::string& node, const Start& start,
                              const OnDone& on_done) {
  const auto found = above_.find(node);
  Go(found == above_.end() ? std::vector<std::size_t>() : found->second, 0, start,
     on_done);
}

void RetriedScripts::Go(const std::vector<std::size_t>& models, std::size_t next,
                        const Start& start, const OnDone& on_done) {
  if (next == models.size()) return on_done("");
  const std::size_t at = models[next];
  Model& model = models_[at];
  if (model.state == State::kDone) {
    if (model.problem.empty()) return Go(models, next + 1, start, on_done);
    return on_done(Text("'", model.scripts.node, "' above it: ", model.problem));
  }
  model.waiting.emplace_back(
      [this, models, next, start, on_done] { Go(models, next, start, on_done); });
  if (std::exchange(model.state, State::kRunning) == State::kRunning) return;
  start(model.scripts, [this, at](const std::string& problem) { End(at, problem); });
}

void RetriedScripts::End(std::size_t at, const std::string& problem) {
  models_[at].state = State::kDone;
  models_[at].problem = problem;
  for (const std::function<void()>& go_on : std::exchange(models_[at].waiting, {}))
    go_on();
}

std::optional<NodeScripts> RetriedScripts::TakeNext(const std::set<std::string>& failed) {
  for (Model& model : models_) {
    const bool is_kept_back =
        std::any_of(model.above.begin(), model.above.end(),
                    [&](const std::string& id) { return failed.contains(id); });
    if (model.state != State::kLeft || is_kept_back) continue;
    model.state = State::kDone;
    return model.scripts;
  }
  return std::nullopt;
}

std::vector<NodeScripts> RetriedScripts::TakeLeft() {
  std::vector<NodeScripts> left;
  for (Model& model : models_)
    if (std::exchange(model.state, State::kDone) == State::kLeft)
      left.push_back(model.scripts);
  return left;
}

}  // namespace aft
