// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/joint_graph.h"

#include <utility>

namespace aft {

JointGraph::JointGraph(const Graph& graph, std::vector<GraphScript> scripts)
    : graph_(graph), scripts_(std::move(scripts)) {
  for (const auto& [id, node] : graph_) {
    places_.emplace(id, nodes_.size());
    nodes_.push_back({id, {}, {}});
  }
  for (const auto& [id, node] : graph_)
    for (const std::string& parent : node.parents)
      if (const auto found = places_.find(parent); found != places_.end())
        Connect(found->second, places_.at(id));
  // Scripts must not count as children of nodes while others are added.
  std::vector<std::vector<std::size_t>> children;
  children.reserve(nodes_.size());
  for (const Node& node : nodes_) children.push_back(node.children);
  for (const GraphScript& script : scripts_) {
    const auto found = places_.find(script.node);
    if (found == places_.end()) continue;
    const std::size_t at = nodes_.size();
    places_.emplace(script.id, at);
    nodes_.push_back({script.id, {}, {}});
    if (script.when == When::kBefore) {
      Connect(at, found->second);
      continue;
    }
    Connect(found->second, at);
    for (const std::size_t child : children[found->second]) Connect(at, child);
  }
}

void JointGraph::Connect(std::size_t parent, std::size_t child) {
  nodes_[parent].children.push_back(child);
  nodes_[child].parents.push_back(parent);
}

std::set<std::string> JointGraph::Reached(
    const std::set<std::string>& ids, int depth,
    const std::vector<std::size_t> Node::* next) const {
  std::vector<std::size_t> layer;
  for (const std::string& id : ids)
    if (const auto found = places_.find(id); found != places_.end())
      layer.push_back(found->second);
  std::set<std::string> reached;
  std::vector<bool> is_reached(nodes_.size());
  for (int level = 0; level < depth && !layer.empty(); ++level) {
    std::vector<std::size_t> further;
    for (const std::size_t at : layer)
      for (const std::size_t neighbour : nodes_[at].*next) {
        if (is_reached[neighbour]) continue;
        is_reached[neighbour] = true;
        reached.insert(nodes_[neighbour].id);
        further.push_back(neighbour);
      }
    layer = std::move(further);
  }
  return reached;
}

std::set<std::string> JointGraph::Below(const std::set<std::string>& ids,
                                        int depth) const {
  return Reached(ids, depth, &Node::children);
}

std::set<std::string> JointGraph::Above(const std::set<std::string>& ids,
                                        int depth) const {
  return Reached(ids, depth, &Node::parents);
}

}  // namespace aft
