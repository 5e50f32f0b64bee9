// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/graph.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

namespace aft {

Children ChildrenOf(const Graph& graph) {
  Children children;
  for (const auto& [id, node] : graph)
    for (const std::string& parent : node.parents) children[parent].push_back(id);
  return children;
}

namespace {

/// All that is reached from `id`, where `next_of` gives the direct neighbours of a node,
/// or a null pointer for one that has none.
template <typename NextOf>
std::set<std::string> ReachedFrom(const std::string& id, const NextOf& next_of) {
  std::set<std::string> found;
  std::vector<std::string> open = {id};
  while (!open.empty()) {
    const auto* const next = next_of(open.back());
    open.pop_back();
    if (next == nullptr) continue;
    for (const std::string& neighbour : *next)
      if (found.insert(neighbour).second) open.push_back(neighbour);
  }
  return found;
}

}  // namespace

std::set<std::string> DescendantsOf(const std::string& id, const Children& children) {
  return ReachedFrom(id, [&](const std::string& node) {
    const auto below = children.find(node);
    return below == children.end() ? nullptr : &below->second;
  });
}

std::set<std::string> AncestorsOf(const std::string& id, const Graph& graph) {
  return ReachedFrom(id, [&](const std::string& node) {
    const auto found = graph.find(node);
    return found == graph.end() ? nullptr : &found->second.parents;
  });
}

namespace {

/// A graph whose nodes have numbers: tests by the thousand ask what is below nodes by the
/// thousand.
class NumberedGraph {
 public:
  explicit NumberedGraph(const Graph& graph) {
    for (const auto& [id, node] : graph) {
      const std::size_t child = Number(id);
      for (const std::string& parent : node.parents) {
        const std::size_t above = Number(parent);
        nodes_[child].parents.push_back(above);
        nodes_[above].children.push_back(child);
      }
    }
  }

  /// Enough of what is below all of `ids` that the rest is below these.
  std::vector<std::string> NearestBelow(const std::set<std::string>& ids) {
    // Most tests are of one node.
    if (ids.size() == 1) return IdsOf(nodes_[Number(*ids.begin())].children);
    std::vector<std::size_t> nearest = CommonBelow(ids);
    std::erase_if(nearest, [this](std::size_t at) {
      const std::vector<std::size_t>& parents = nodes_[at].parents;
      return std::any_of(parents.begin(), parents.end(), [&](std::size_t parent) {
        return nodes_[parent].common == walks_;
      });
    });
    return IdsOf(nearest);
  }

 private:
  struct Node {
    const std::string* id = nullptr;
    std::vector<std::size_t> parents;
    std::vector<std::size_t> children;
    std::size_t walk = 0;    ///< the last that has come here
    std::size_t common = 0;  ///< the last that all of its search before have come to, too
  };

  [[nodiscard]] std::vector<std::string> IdsOf(
      const std::vector<std::size_t>& numbers) const {
    std::vector<std::string> ids;
    ids.reserve(numbers.size());
    for (const std::size_t at : numbers) ids.push_back(*nodes_[at].id);
    return ids;
  }

  std::size_t Number(const std::string& id) {
    const auto [place, is_new] = numbers_.try_emplace(id, nodes_.size());
    if (is_new) nodes_.push_back({&place->first, {}, {}, 0, 0});
    return place->second;
  }

  std::vector<std::size_t> CommonBelow(const std::set<std::string>& ids) {
    std::vector<std::size_t> common;
    const std::size_t first = walks_ + 1;
    for (const std::string& id : ids) {
      ++walks_;
      common.clear();
      for (const std::size_t at : Below(Number(id))) {
        if (walks_ > first && nodes_[at].common != walks_ - 1) continue;
        nodes_[at].common = walks_;
        common.push_back(at);
      }
    }
    return common;
  }

  std::vector<std::size_t> Below(std::size_t start) {
    std::vector<std::size_t> below = {start};
    for (std::size_t next = 0; next < below.size(); ++next)
      for (const std::size_t child : nodes_[below[next]].children)
        if (std::exchange(nodes_[child].walk, walks_) != walks_) below.push_back(child);
    below.erase(below.begin());
    return below;
  }

  std::map<std::string, std::size_t> numbers_;
  std::vector<Node> nodes_;
  std::size_t walks_ = 0;
};

std::string Escaped(const std::string& text) {
  std::string escaped = text;
  for (char& character : escaped) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(character)) != 0 ||
                          character == '_' || character == '.' || character == '/' ||
                          character == '-';
    if (!is_plain) character = '?';
  }
  return escaped;
}

std::string NameSelector(const std::vector<std::string>& qualified_name) {
  std::string name;
  for (const std::string& part : qualified_name) name += (name.empty() ? "" : ".") + part;
  return "fqn:" + Escaped(name);
}

}  // namespace

void AddTestEdges(Graph& graph) {
  NumberedGraph numbered(graph);
  std::vector<std::pair<std::string, std::string>> edges;
  for (const auto& [id, node] : graph) {
    if (node.type != "test") continue;
    for (const std::string& child : numbered.NearestBelow(node.parents)) {
      const std::string& type = graph.at(child).type;
      if (type != "test" && type != "unit_test") edges.emplace_back(id, child);
    }
  }
  for (const auto& [test, waiting] : edges) graph.at(waiting).parents.insert(test);
}

std::string ExactSelector(const std::vector<std::string>& qualified_name,
                          const std::string& path) {
  return NameSelector(qualified_name) + ",path:" + Escaped(path);
}

std::string ExactSelectorOfType(const std::vector<std::string>& qualified_name,
                                const std::string& resource_type) {
  return NameSelector(qualified_name) + ",resource_type:" + resource_type;
}

std::string SourceSelector(const std::string& package, const std::string& source,
                           const std::string& table) {
  return "source:" + Escaped(package) + "." + Escaped(source) + "." + Escaped(table);
}

}  // namespace aft
