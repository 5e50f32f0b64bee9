// SPDX-License-Identifier: Apache-2.0
#include "plugin/run/scripts_plan.h"

#include <algorithm>
#include <boost/json.hpp>

#include "plugin/base/json_lookup.h"
#include "plugin/dbt/run_results.h"
#include "plugin/project/script_path.h"
#include "plugin/selection/selector.h"

namespace aft {
namespace {

namespace json = boost::json;

/// Whether `name` stands for the script, as it is bound or from the project's folder.
bool IsNamed(const Script& script, const std::string& name,
             const ProjectConfig& project) {
  return script.name == name ||
         NamesScript(name, FromProject(script.name, script.is_model, project));
}

bool Runs(const Script& script, const ScriptsRequest& request,
          const SelectedScripts& selected, const ProjectConfig& project) {
  const bool is_its_time = RunsBeforeNode(script.when) == request.is_before;
  if (IsHook(script.when))
    return is_its_time && request.names.empty() && selected.nodes.contains(script.node);
  if (!selected.scripts.contains(script.id)) return false;
  // They are models, which a run of dbt's makes, unless they are named.
  if (script.is_model && request.names.empty() && !selected.typed.contains(script.id))
    return false;
  if (!is_its_time && !selected.typed.contains(script.id)) return false;
  return request.names.empty() || std::any_of(request.names.begin(), request.names.end(),
                                              [&](const std::string& name) {
                                                return IsNamed(script, name, project);
                                              });
}

/// The nodes whose scripts have run, as a results.json of aft says.
std::set<std::string> NodesIn(const json::value& of_scripts) {
  std::set<std::string> nodes;
  const json::value* results = ValueAt(of_scripts, {"results"});
  if (results == nullptr || !results->is_array()) return nodes;
  for (const json::value& result : results->as_array())
    if (StringAt(result, {"status"}) != "skipped")
      nodes.insert(StringAt(result, {"node"}));
  return nodes;
}

}  // namespace

SelectedScripts ScriptsOf(const std::set<std::string>& nodes,
                          const std::vector<NodeScripts>& bound) {
  SelectedScripts selected{nodes, {}, {}};
  for (const NodeScripts& of_node : bound)
    if (nodes.contains(of_node.node))
      for (const Script& script : of_node.scripts) selected.scripts.insert(script.id);
  return selected;
}

std::set<std::string> NodesOfLastRun(const json::value& run_results,
                                     const json::value& of_scripts, const Graph& graph) {
  std::set<std::string> nodes;
  for (const NodeResult& result : ResultsIn(run_results)) {
    if (result.status == "skipped") continue;
    nodes.insert(result.node);
    const auto test = graph.find(result.node);
    if (test != graph.end() && test->second.type == "test")
      nodes.insert(test->second.parents.begin(), test->second.parents.end());
  }
  const std::string run = StringAt(run_results, {"metadata", "invocation_id"});
  if (run.empty() || StringAt(of_scripts, {"metadata", "invocation_id"}) != run)
    return nodes;
  for (const std::string& id : NodesIn(of_scripts))
    if (const auto node = graph.find(id);
        node != graph.end() && node->second.is_ephemeral())
      nodes.insert(id);
  return nodes;
}

std::set<std::string> ScriptsToRun(const std::vector<NodeScripts>& bound,
                                   const ScriptsRequest& request,
                                   const SelectedScripts& selected,
                                   const ProjectConfig& project) {
  std::set<std::string> scripts;
  for (const NodeScripts& of_node : bound)
    for (const Script& script : of_node.scripts)
      if (Runs(script, request, selected, project)) scripts.insert(script.id);
  return scripts;
}

std::vector<std::string> UnboundNames(const std::vector<NodeScripts>& bound,
                                      const ScriptsRequest& request,
                                      const ProjectConfig& project) {
  std::vector<std::string> unbound;
  for (const std::string& name : request.names) {
    const bool is_bound =
        std::any_of(bound.begin(), bound.end(), [&](const NodeScripts& of_node) {
          return std::any_of(
              of_node.scripts.begin(), of_node.scripts.end(), [&](const Script& script) {
                return !IsHook(script.when) && IsNamed(script, name, project);
              });
        });
    if (!is_bound) unbound.push_back(name);
  }
  return unbound;
}

}  // namespace aft
