// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/dbt_selectors.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

std::string AbovePrefix(int levels) {
  if (levels == 0) return "";
  return levels == JointGraph::kUnlimited ? "+" : Text(levels, "+");
}

std::string BelowSuffix(int levels) {
  if (levels == 0) return "";
  return levels == JointGraph::kUnlimited ? "+" : Text("+", levels);
}

/// The levels that are left after one.
int Less(int levels) { return levels == JointGraph::kUnlimited ? levels : levels - 1; }

/// The first criterion of a node's selector, or "" where it may match others as well: `?`
/// stands for any character.
std::string FirstCriterion(const GraphNode& node) {
  const std::size_t end = node.selector.find(',');
  if (node.selector.substr(0, end).find('?') != std::string::npos) return "";
  return node.selector.substr(0, end);
}

/// The names that dbt looks through for a node: its qualified name with and without the
/// package, and its own name.
/// (dbt-core, graph/selector_methods.py: QualifiedNameSelectorMethod)
std::vector<std::string> NamesOf(const GraphNode& node) {
  const std::string first = node.selector.substr(0, node.selector.find(','));
  const std::size_t value = first.find(':') + 1;
  const std::string method = first.substr(0, value);
  const std::size_t package = first.find('.', value);
  std::vector<std::string> names = {first, method + node.name};
  if (package != std::string::npos) names.push_back(method + first.substr(package + 1));
  return names;
}

/// Criteria that match one node each. dbt takes a qualified name for a prefix.
std::map<std::string, std::string> SingleNames(const Graph& graph) {
  std::set<std::pair<std::string, std::string>> found_by;
  for (const auto& [id, node] : graph)
    for (std::string& name : NamesOf(node)) found_by.emplace(std::move(name), id);
  const auto finds_others = [&](const std::string& name, const std::string& id) {
    const std::string below = name + ".";
    for (auto at = found_by.lower_bound({name, ""});
         at != found_by.end() && at->first == name; ++at)
      if (at->second != id) return true;
    for (auto at = found_by.lower_bound({below, ""});
         at != found_by.end() && at->first.starts_with(below); ++at)
      if (at->second != id) return true;
    return false;
  };
  std::map<std::string, std::string> names;
  for (const auto& [id, node] : graph)
    if (std::string first = FirstCriterion(node);
        !first.empty() && !finds_others(first, id))
      names[id] = std::move(first);
  return names;
}

}  // namespace

DbtSelectors::DbtSelectors(const JointGraph& graph, bool builds_tests)
    : graph_(graph),
      builds_tests_(builds_tests),
      names_(SingleNames(graph.nodes())),
      children_(ChildrenOf(graph.nodes())) {}

bool DbtSelectors::Counts(const std::string& type) const {
  if (type == "test" || type == "unit_test") return builds_tests_;
  return type == "model" || type == "seed" || type == "snapshot" || type == "source" ||
         type == "function";
}

std::vector<std::string> DbtSelectors::For(const Criterion& criterion,
                                           const std::set<std::string>& scripts) const {
  Terms terms;
  for (const GraphScript& script : graph_.scripts())
    if (scripts.contains(script.id) && !AddAround(script, criterion, terms))
      return OneByOne(Reach(criterion, scripts, graph_));
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

bool DbtSelectors::AddAround(const GraphScript& script, const Criterion& criterion,
                             Terms& terms) const {
  const bool is_before = script.when == When::kBefore;
  const bool takes_all = criterion.takes_parents_of_children;
  if (!is_before && (criterion.above > 0 || takes_all) &&
      !Add(AbovePrefix(takes_all ? JointGraph::kUnlimited : Less(criterion.above)),
           script.node, "", terms))
    return false;
  std::vector<std::string> below = {script.node};
  if (!is_before) {
    const auto found = children_.find(script.node);
    below = found == children_.end() ? std::vector<std::string>() : found->second;
  }
  for (const std::string& node : below) {
    if (!Counts(graph_.nodes().at(node).type)) continue;
    if (takes_all && !Add("@", node, "", terms)) return false;
    if (criterion.below > 0 && !Add("", node, BelowSuffix(Less(criterion.below)), terms))
      return false;
  }
  return true;
}

bool DbtSelectors::Add(const std::string& prefix, const std::string& node,
                       const std::string& suffix, Terms& terms) const {
  const std::string* name = NameOf(node);
  if (name == nullptr) return false;
  terms.push_back(prefix + *name + suffix);
  return true;
}

const std::string* DbtSelectors::NameOf(const std::string& node) const {
  const auto found = names_.find(node);
  return found == names_.end() ? nullptr : &found->second;
}

DbtSelectors::Terms DbtSelectors::OneByOne(const std::set<std::string>& reached) const {
  Terms terms;
  for (const std::string& id : reached)
    if (const auto node = graph_.nodes().find(id);
        node != graph_.nodes().end() && Counts(node->second.type))
      terms.push_back(node->second.selector);
  return terms;
}

}  // namespace aft
