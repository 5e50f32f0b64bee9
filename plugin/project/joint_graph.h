// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugin/project/graph.h"
#include "plugin/project/script_binding.h"

namespace aft {

/// A script as a node of the joint graph.
struct GraphScript {
  std::string id;
  std::string node;  ///< that it is bound to: unique id
  When when = When::kAfter;
  std::string path;       ///< relative to the project
  bool is_model = false;  ///< what its node is made by: it goes with the node
};

/// dbt's graph and the scripts bound to its nodes: a node is below its before-scripts,
/// and its after-scripts and its children are below it. The children are below the
/// after-scripts too. The scripts of one node do not depend on each other.
class JointGraph {
 public:
  /// A depth without limit.
  static constexpr int kUnlimited = std::numeric_limits<int>::max();

  JointGraph(const Graph& graph, std::vector<GraphScript> scripts);

  [[nodiscard]] const Graph& nodes() const { return graph_; }
  [[nodiscard]] const std::vector<GraphScript>& scripts() const { return scripts_; }

  /// What is at most `depth` edges below one of `ids`, or above. Of `ids` themselves,
  /// only those that are below, or above, another.
  [[nodiscard]] std::set<std::string> Below(const std::set<std::string>& ids,
                                            int depth = kUnlimited) const;
  [[nodiscard]] std::set<std::string> Above(const std::set<std::string>& ids,
                                            int depth = kUnlimited) const;

 private:
  struct Node {
    std::string id;
    std::vector<std::size_t> parents;
    std::vector<std::size_t> children;
  };

  void Connect(std::size_t parent, std::size_t child);
  [[nodiscard]] std::set<std::string> Reached(
      const std::set<std::string>& ids, int depth,
      const std::vector<std::size_t> Node::* next) const;

  Graph graph_;
  std::vector<GraphScript> scripts_;
  std::vector<Node> nodes_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace aft
