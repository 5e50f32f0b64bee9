// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/staged_plan.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/run_results.h"

namespace aft {
namespace {

/// What `dbt retry` would run, with what it would not: scripts of ephemeral models, and
/// nodes that dbt had not come to.
void SelectLeft(PreviousRun previous, const Graph& graph, StagedPlan& plan) {
  previous.nodes.merge(previous.unreached);
  previous.unreached.clear();
  const std::string problem = ProblemOfRepeating(plan.bound.nodes, previous, graph);
  if (!problem.empty())
    plan.bound.problems.push_back(problem);
  else
    plan.problem_of_foreign = ProblemOfForeign(plan.bound.nodes, previous);
  plan.selected = previous.nodes;
  std::vector<NodeScripts> left = LeftScripts(plan.bound.nodes, previous);
  plan.kept_successes = KeptSuccesses(plan.bound.nodes, previous);
  std::erase_if(plan.bound.nodes, [](const NodeScripts& of_node) {
    return of_node.is_ephemeral || of_node.is_alone;
  });
  for (NodeScripts& of_node : left) {
    if (!of_node.is_alone) plan.selected.insert(of_node.node);
    plan.bound.nodes.push_back(std::move(of_node));
  }
}

void RefuseFailedBatches(const PreviousRun& previous, StagedPlan& plan) {
  for (const std::string& node : previous.partial)
    if (plan.selected.contains(node))
      plan.bound.problems.push_back(Text(
          "the batches of '", node,
          "' that failed cannot be repeated in stages because only `dbt retry` itself "
          "can build them and no others; run that model with '--event-time-start' "
          "and '--event-time-end', or use dbt-core 1.9 or later without '--aft-mode "
          "staged'"));
}

}  // namespace

std::map<std::string, NodeState> LastStates(const std::vector<NodeScripts>& bound,
                                            const std::filesystem::path& run_results) {
  std::map<std::string, NodeState> states;
  for (const NodeScripts& of_node : bound)
    if (of_node.is_alone) states[of_node.node] = {};
  if (states.empty()) return states;
  for (const NodeResult& result : ResultsIn(ReadJsonFileOrNull(run_results)))
    if (const auto found = states.find(result.node); found != states.end())
      found->second = {result.status, result.adapter_response};
  return states;
}

bool StagedPlan::HasScripts() const {
  return std::any_of(bound.nodes.begin(), bound.nodes.end(),
                     [this](const NodeScripts& of_node) {
                       return of_node.is_alone || selected.contains(of_node.node);
                     });
}

StagedPlan MakeStagedPlan(const StagedCommands& commands, const Manifest& manifest,
                          const std::set<std::string>& listed, BoundScripts bound,
                          const PreviousRun* previous) {
  StagedPlan plan{listed, std::move(bound), {}, {}};
  if (previous != nullptr) SelectLeft(*previous, manifest.graph, plan);
  std::erase_if(plan.selected, [&](const std::string& id) {
    const auto found = manifest.graph.find(id);
    if (found == manifest.graph.end()) return true;
    const GraphNode& node = found->second;
    const bool is_left_out = node.type == "source" && !node.has_freshness;
    return is_left_out || !commands.RunsType(node.type);
  });
  // Without scripts it is dbt's own run, which can do all that dbt can.
  if (!plan.HasScripts()) return plan;
  if (!commands.arguments().Setting("sample").empty())
    plan.bound.problems.emplace_back(
        "scripts cannot be run with '--sample' in stages because only dbt itself knows "
        "which rows it means; leave it out, or use dbt-core 1.10 or later without "
        "'--aft-mode staged'");
  if (previous != nullptr && !commands.arguments().Flag("full-refresh", false))
    RefuseFailedBatches(*previous, plan);
  return plan;
}

}  // namespace aft
