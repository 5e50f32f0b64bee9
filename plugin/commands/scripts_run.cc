// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/scripts_run.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <string_view>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/json_text.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

/// What stands for all nodes where only `--exclude` is given.
constexpr const char* kAllNodes = "fqn:*";

std::set<std::string> AllNodes(const Graph& graph) {
  std::set<std::string> nodes;
  for (const auto& [id, node] : graph) nodes.insert(id);
  return nodes;
}

}  // namespace

bool ScriptsRun::HasSelection(const DbtArguments& arguments) {
  constexpr auto kOptions =
      std::to_array<std::string_view>({"--select", "--exclude", "--selector"});
  return std::any_of(kOptions.begin(), kOptions.end(), [&](std::string_view option) {
    return !arguments.Values(option).empty();
  });
}

ScriptsRun::ScriptsRun(std::unique_ptr<DbtStart> start, ScriptsRequest request)
    : ListingRun(std::move(start)),
      request_(std::move(request)),
      has_selection_(HasSelection(commands().arguments())) {
  if (has_selection_ && request_.takes_all)
    throw Error(
        "'--all' takes the scripts of all nodes, so it cannot be used with '--select', "
        "'--exclude' or '--selector'; leave it or these out");
  if (!has_selection_ && !request_.takes_all && !request_.is_before) ReadLastRun();
  names_scripts_ =
      has_selection_ && MayNameScripts(commands().arguments(), this->start().expected());
  const bool asks_dbt = has_selection_ && !names_scripts_;
  List(asks_dbt ? commands().Listing() : commands().ListingOf(""));
}

void ScriptsRun::ReadLastRun() {
  const fs::path file =
      TargetFolder(project(), invocation().target_folder) / "run_results.json";
  run_results_ = ReadJsonFileOrNull(file);
  if (run_results_.is_null())
    throw Error(Text("cannot tell which scripts to run because there is no '",
                     file.native(),
                     "' of an earlier dbt run; run dbt first, or choose scripts with "
                     "'--select', '--all' or '--before'"));
}

void ScriptsRun::Listed() {
  bound_ = ReadNewManifest(graph_);
  joint_graph_ = std::make_unique<JointGraph>(graph_, GraphScriptsOf(bound_, project()));
  CheckNames(start(), PathsOf(bound_, project()));
  if (!names_scripts_) return Answered();
  const DbtArguments& arguments = commands().arguments();
  std::vector<std::string> select = arguments.Values("--select");
  if (select.empty()) select.emplace_back(kAllNodes);
  selection_ = std::make_unique<ScriptSelection>(
      *joint_graph_, select, arguments.Values("--exclude"),
      ScriptSelection::Meaning{
          [](const std::string& type) { return MayBindScripts(type); }, true, true});
  Ask(selection_->Questions());
}

SelectedScripts ScriptsRun::Selected() const {
  if (selection_) {
    const ResolvedSelection resolved = selection_->Resolve(answers());
    return {resolved.nodes, resolved.scripts, resolved.typed};
  }
  if (has_selection_) return ScriptsOf(listing().nodes(), bound_.nodes);
  if (run_results_.is_null()) return ScriptsOf(AllNodes(graph_), bound_.nodes);
  const fs::path target = TargetFolder(project(), invocation().target_folder);
  return ScriptsOf(
      NodesOfLastRun(run_results_, ReadJsonFileOrNull(target / "aft" / "results.json"),
                     graph_),
      bound_.nodes);
}

void ScriptsRun::Answered() {
  const std::vector<std::string> unbound =
      UnboundNames(bound_.nodes, request_, project());
  const bool runs_others = unbound.size() < request_.names.size() ||
                           !start().expected().run_level.scripts.empty();
  if (!unbound.empty() && !runs_others)
    throw Error(Text("cannot run '", unbound.front(),
                     "': no node has a script of this name",
                     HintOfScript(unbound.front(), PathsOf(bound_, project()).scripts)));
  for (const std::string& name : unbound)
    Warn(Text("No node has a script named '", name, "'."));
  const std::set<std::string> scripts =
      ScriptsToRun(bound_.nodes, request_, Selected(), project());
  if (scripts.empty() && start().expected().run_level.scripts.empty() &&
      bound_.problems.empty()) {
    Warn(
        request_.is_before
            ? "Nothing to do: no before-script or pre-hook is to run."
            : "Nothing to do: no after-script or post-hook is to run. '--all' runs those "
              "of all nodes, '--before' before-scripts and pre-hooks.");
    return End(0);
  }
  GoOnAs(start().Start(commands().words(), {scripts, scripts, false}));
}

}  // namespace aft
