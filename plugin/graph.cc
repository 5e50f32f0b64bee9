// SPDX-License-Identifier: Apache-2.0
#include "plugin/graph.h"

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

std::set<std::string> DescendantsOf(const std::string& id, const Children& children) {
  std::set<std::string> found;
  std::vector<std::string> open = {id};
  while (!open.empty()) {
    const auto below = children.find(open.back());
    open.pop_back();
    if (below == children.end()) continue;
    for (const std::string& child : below->second)
      if (found.insert(child).second) open.push_back(child);
  }
  return found;
}

namespace {

/// What lies below all of `ids`.
std::set<std::string> CommonDescendants(const std::set<std::string>& ids,
                                        const Children& children) {
  std::set<std::string> common;
  bool is_first = true;
  for (const std::string& id : ids) {
    std::set<std::string> below = DescendantsOf(id, children);
    if (!std::exchange(is_first, false)) {
      std::set<std::string> both;
      std::set_intersection(common.begin(), common.end(), below.begin(), below.end(),
                            std::inserter(both, both.end()));
      below = std::move(both);
    }
    common = std::move(below);
  }
  return common;
}

/// Enough of what lies below all of `ids` that the rest lies below these.
std::vector<std::string> NearestBelow(const std::set<std::string>& ids,
                                      const Graph& graph, const Children& children) {
  // Most tests are of one node, and a graph has thousands.
  if (ids.size() == 1) {
    const auto found = children.find(*ids.begin());
    return found == children.end() ? std::vector<std::string>() : found->second;
  }
  std::vector<std::string> nearest;
  const std::set<std::string> below = CommonDescendants(ids, children);
  std::copy_if(below.begin(), below.end(), std::back_inserter(nearest),
               [&](const std::string& id) {
                 const std::set<std::string>& parents = graph.at(id).parents;
                 return std::none_of(parents.begin(), parents.end(),
                                     [&below](const std::string& parent) {
                                       return below.contains(parent);
                                     });
               });
  return nearest;
}

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

}  // namespace

void AddTestEdges(Graph& graph) {
  const Children children = ChildrenOf(graph);
  std::vector<std::pair<std::string, std::string>> edges;
  for (const auto& [id, node] : graph) {
    if (node.type != "test") continue;
    for (const std::string& child : NearestBelow(node.parents, graph, children)) {
      const std::string& type = graph.at(child).type;
      if (type != "test" && type != "unit_test") edges.emplace_back(id, child);
    }
  }
  for (const auto& [test, waiting] : edges) graph.at(waiting).parents.insert(test);
}

std::string ExactSelector(const std::vector<std::string>& qualified_name,
                          const std::string& path) {
  std::string name;
  for (const std::string& part : qualified_name) name += (name.empty() ? "" : ".") + part;
  return "fqn:" + Escaped(name) + ",path:" + Escaped(path);
}

std::string SourceSelector(const std::string& package, const std::string& source,
                           const std::string& table) {
  return "source:" + Escaped(package) + "." + Escaped(source) + "." + Escaped(table);
}

}  // namespace aft
