// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/selected_run.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "host_shim/error.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/selection/default_selector.h"

namespace aft {
namespace {

bool HasOperator(const Criterion& criterion) {
  return criterion.above > 0 || criterion.below > 0 ||
         criterion.takes_parents_of_children;
}

}  // namespace

std::unique_ptr<Run> SelectedRun::StartOther(DbtStart& start) {
  if (start.SelectsScripts()) CheckNames(start, PathsOf(start.expected()));
  return start.Start();
}

bool SelectedRun::IsNeeded(const DbtStart& start) {
  if (!start.SelectsScripts()) return false;
  const DbtArguments arguments = start.dbt().Arguments();
  if (!start.brings_scripts())
    for (const SelectorTerm& term : ParseSelector(arguments.Values("--select")))
      for (const Criterion& criterion : term)
        if (HasOperator(criterion)) return true;
  return MayNameScripts(arguments, start.expected());
}

SelectedRun::SelectedRun(std::unique_ptr<DbtStart> start) : ListingRun(std::move(start)) {
  List(commands().ListingOf(""));
}

void SelectedRun::Listed() {
  Graph graph;
  const BoundScripts bound = ReadNewManifest(graph);
  graph_ = std::make_unique<JointGraph>(graph, GraphScriptsOf(bound, project()));
  CheckNames(start(), PathsOf(bound, project()));
  const DbtArguments& arguments = commands().arguments();
  selection_ = std::make_unique<ScriptSelection>(
      *graph_, arguments.Values("--select"), arguments.Values("--exclude"),
      ScriptSelection::Meaning{[this](const std::string& type) {
                                 return start().lists_nodes() ||
                                        commands().RunsType(type);
                               },
                               start().brings_scripts()});
  // What looked like a script is a file of dbt's, or nothing.
  if (!selection_->ChoosesScripts()) return GoOnAs(start().Start());
  if (start().lists_nodes()) return ListNodes(selection_->Resolve({}));
  Ask(selection_->Questions());
}

/// dbt is given what it can list, and answers all of it itself.
void SelectedRun::ListNodes(const ResolvedSelection& resolved) {
  start().context().output().write_error(
      "aft: scripts are not listed, because dbt lists nodes only\n");
  const bool selects = !commands().arguments().Values("--select").empty();
  if (selects && resolved.select.empty()) return End(0);
  std::vector<std::string> words = WordsFor(resolved);
  // There, `--models` is more than another name for `--select`.
  const std::vector<std::string>& typed = commands().words();
  for (const char* option : {"--models", "--model", "-m"})
    if (std::find(typed.begin(), typed.end(), option) != typed.end())
      words.insert(words.end(), {"--resource-type", "model"});
  GoOnAs(start().Start(std::move(words), {}));
}

void SelectedRun::Answered() {
  const ResolvedSelection resolved = selection_->Resolve(answers());
  if (!resolved.selects_nodes && resolved.scripts.empty()) {
    TellLastListing();
    Warn("Nothing to do: the selection has neither a node nor a script.");
    return End(0);
  }
  GoOnAs(start().Start(WordsFor(resolved),
                       {resolved.scripts, resolved.alone, resolved.selects_nodes}));
}

std::vector<std::string> SelectedRun::WordsFor(const ResolvedSelection& resolved) {
  std::vector<std::string> select = resolved.select;
  // Without any selection, dbt would use the default of selectors.yml.
  if (select.empty() && resolved.exclude.empty() &&
      MayHaveDefaultSelector(project().folder)) {
    select.emplace_back(ChecksSources(invocation().command) ? "source:*" : "fqn:*");
    if (start().lists_nodes()) select.insert(select.end(), {"source:*", "exposure:*"});
  }
  return commands().Selecting(select, resolved.exclude).words();
}

}  // namespace aft
