// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/previous_run.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/base/quoted_names.h"
#include "plugin/base/text_file.h"
#include "plugin/dbt/command_line.h"
#include "plugin/dbt/node_status.h"
#include "plugin/dbt/recorded_arguments.h"
#include "plugin/dbt/run_results.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// dbt-core, task/retry.py: RETRYABLE_STATUSES, to which `--warn-error` adds one.
bool IsRetried(const std::string& status, bool repeats_warned) {
  return IsFailure(status) || status == "skipped" || (repeats_warned && status == "warn");
}

/// Takes over what a list of aft's results says. Gives the nodes of scripts that did not
/// succeed.
std::set<std::string> TakeScripts(const json::value* entries, PreviousRun& previous) {
  std::set<std::string> left;
  if (entries == nullptr || !entries->is_array()) return left;
  for (const json::value& entry : entries->as_array()) {
    const std::string node = StringAt(entry, {"node"});
    const bool is_run_level = node.empty();
    if (is_run_level)
      previous.has_run_level = true;
    else
      previous.planned.insert(node);
    const bool has_succeeded = StringAt(entry, {"status"}) == "success";
    const json::value* wrote = ValueAt(entry, {"wrote_model"});
    if (has_succeeded)
      previous.succeeded.emplace(StringAt(entry, {"unique_id"}), node);
    else if (is_run_level)
      previous.left_run_level.insert(StringAt(entry, {"path"}));
    else
      left.insert(node);
    if (has_succeeded && wrote != nullptr && *wrote == true)
      previous.written.insert(node);
  }
  return left;
}

std::set<std::string> IdsAt(const json::value& document, JsonPath path) {
  std::set<std::string> nodes;
  const json::value* list = ValueAt(document, path);
  if (list == nullptr || !list->is_array()) return nodes;
  for (const json::value& node : list->as_array())
    if (node.is_string()) nodes.emplace(node.as_string());
  return nodes;
}

/// How the run of the results in `document` was called, by the arguments at `path`.
Call CallIn(const json::value& document, JsonPath path, std::string command) {
  const json::value* args = ValueAt(document, path);
  const std::string version = StringAt(document, {"metadata", "dbt_version"});
  return {std::move(command), args == nullptr ? std::vector<std::string>()
                                              : OptionsToCallAgain(*args, version)};
}

}  // namespace

std::string NameIn(const std::string& unique_id) {
  const std::size_t package = unique_id.find('.');
  return unique_id.substr(unique_id.find('.', package + 1) + 1);
}

std::string NamesIn(const std::vector<std::string>& unique_ids) {
  std::vector<std::string> names;
  names.reserve(unique_ids.size());
  for (const std::string& id : unique_ids) names.push_back(NameIn(id));
  return QuotedNames(names);
}

PreviousRun ReadPreviousRun(const fs::path& folder, bool repeats_warned) {
  PreviousRun previous;
  previous.document = ReadText(folder / "run_results.json");
  const json::value of_dbt = ParseJsonOrNull(previous.document);
  previous.command = StringAt(of_dbt, {"args", "which"});
  if (!previous.document.empty() && previous.command.empty())
    previous.problem =
        Text("cannot repeat the last run: '", (folder / "run_results.json").native(),
             "' does not say how the run was called; run its command again instead");
  if (const json::value* args = ValueAt(of_dbt, {"args"}))
    previous.options = RecordedOptions(*args);
  previous.call = CallIn(of_dbt, {"args"}, previous.command);
  for (const NodeResult& result : ResultsIn(of_dbt)) {
    if (IsRetried(result.status, repeats_warned)) previous.nodes.insert(result.node);
    if (result.status == "partial success") previous.partial.insert(result.node);
  }
  const json::value of_scripts = ReadJsonFileOrNull(folder / "aft" / "results.json");
  previous.invocation_id = StringAt(of_dbt, {"metadata", "invocation_id"});
  previous.knows_scripts =
      !previous.invocation_id.empty() &&
      StringAt(of_scripts, {"metadata", "invocation_id"}) == previous.invocation_id;
  TakeScripts(ValueAt(of_scripts, {"metadata", "succeeded_before"}), previous);
  previous.left = TakeScripts(ValueAt(of_scripts, {"results"}), previous);
  previous.call_of_left = CallIn(of_scripts, {"metadata", "args"},
                                 StringAt(of_scripts, {"metadata", "command"}));
  previous.unreached = IdsAt(of_scripts, {"metadata", "unreached"});
  if (ValueAt(of_scripts, {"metadata", "chosen"}) != nullptr)
    previous.choice.scripts = IdsAt(of_scripts, {"metadata", "chosen"});
  previous.choice.alone = IdsAt(of_scripts, {"metadata", "alone"});
  for (const std::string& node : IdsAt(of_scripts, {"metadata", "unjudged"})) {
    std::erase_if(previous.succeeded,
                  [&node](const auto& script) { return script.second == node; });
    previous.written.erase(node);
  }
  if (!previous.knows_scripts) {
    previous.planned.clear();
    previous.has_run_level = false;
    previous.succeeded.clear();
    previous.written.clear();
    previous.unreached.clear();
    previous.choice = {};
  }
  return previous;
}

std::vector<NodeScripts> LeftScripts(const std::vector<NodeScripts>& bound,
                                     const PreviousRun& previous) {
  std::vector<NodeScripts> left;
  for (const NodeScripts& of_node : bound) {
    const bool may_be_left = of_node.is_ephemeral || of_node.is_alone;
    if (!may_be_left || !previous.planned.contains(of_node.node)) continue;
    NodeScripts of_left{of_node.node, true, {}};
    of_left.is_alone = of_node.is_alone;
    const auto is_left = [&previous](const Script& script) {
      return !previous.succeeded.contains(script.id);
    };
    // After a pre-hook or a Python model that failed, post-hooks have run, and were told
    // of an error.
    const bool is_undone = std::any_of(
        of_node.scripts.begin(), of_node.scripts.end(), [&](const Script& script) {
          return (script.when == When::kPreHook || script.is_model) && is_left(script);
        });
    std::copy_if(of_node.scripts.begin(), of_node.scripts.end(),
                 std::back_inserter(of_left.scripts), [&](const Script& script) {
                   return is_left(script) ||
                          (is_undone && script.when == When::kPostHook);
                 });
    if (!of_left.scripts.empty()) left.push_back(std::move(of_left));
  }
  return left;
}

std::vector<NodeScripts> ScriptsOfUnreached(const std::vector<NodeScripts>& bound,
                                            const PreviousRun& previous) {
  std::vector<NodeScripts> unreached;
  std::copy_if(bound.begin(), bound.end(), std::back_inserter(unreached),
               [&previous](const NodeScripts& of_node) {
                 return !of_node.is_ephemeral &&
                        previous.unreached.contains(of_node.node) &&
                        !previous.nodes.contains(of_node.node);
               });
  return unreached;
}

std::string ProblemOfForeign(const std::vector<NodeScripts>& bound,
                             const PreviousRun& previous) {
  if (previous.knows_scripts) return "";
  if (!previous.left_run_level.empty()) {
    const std::string& script = *previous.left_run_level.begin();
    return Text("the run-level script '", script,
                "' failed or did not run, and is not repeated, because that was in "
                "another run than the one that 'dbt retry' repeats; run that again with "
                "its own command");
  }
  std::vector<std::string> nodes;
  for (const NodeScripts& of_node : bound) {
    if (!previous.left.contains(of_node.node) || previous.nodes.contains(of_node.node))
      continue;
    nodes.push_back(of_node.node);
  }
  if (nodes.empty()) return "";
  return Text("the scripts of ", NamesIn(nodes),
              " failed or did not run, and are not repeated, because that was in another "
              "run than the one that 'dbt retry' repeats; run ",
              CommandFor(nodes, previous.call_of_left));
}

std::string ProblemOfEmptyResults(const PreviousRun& previous) {
  if (!previous.knows_scripts || previous.left.empty() || !previous.nodes.empty())
    return "";
  return Text("'dbt retry' repeats no run of which dbt itself has no results; run ",
              CommandFor({previous.left.begin(), previous.left.end()}, previous.call),
              " for the scripts that failed or did not run");
}

std::string CommandFor(const std::vector<std::string>& nodes, const Call& call) {
  std::vector<std::string> words = {
      "aft", "dbt", call.command.empty() ? "build" : call.command, "--select"};
  for (const std::string& node : nodes) words.push_back(NameIn(node) + "+");
  words.insert(words.end(), call.options.begin(), call.options.end());
  return Text("'", CommandLine(words), "'");
}

std::map<std::string, std::string> KeptSuccesses(const std::vector<NodeScripts>& bound,
                                                 const PreviousRun& previous) {
  std::map<std::string, std::string> kept = previous.succeeded;
  for (const NodeScripts& of_left : LeftScripts(bound, previous))
    for (const Script& script : of_left.scripts) kept.erase(script.id);
  // dbt builds the others anew, with all their scripts.
  for (const NodeScripts& of_node : bound)
    if (!of_node.is_ephemeral && !of_node.is_alone)
      std::erase_if(kept,
                    [&](const auto& script) { return script.second == of_node.node; });
  return kept;
}

namespace {

std::string UnreachedParents(const std::vector<NodeScripts>& bound,
                             const PreviousRun& previous, const Graph& graph) {
  if (previous.unreached.empty()) return "";
  for (const NodeScripts& left : LeftScripts(bound, previous))
    for (const std::string& id : AncestorsOf(left.node, graph)) {
      const auto found = graph.find(id);
      const bool is_built = found != graph.end() && !found->second.is_ephemeral();
      if (!is_built || !previous.unreached.contains(id)) continue;
      return Text("cannot repeat the scripts of '", NameIn(left.node),
                  "': the run ended before dbt came to '", NameIn(id),
                  "', which they need, and 'dbt retry' does not build it; run ",
                  CommandFor({id}, previous.call), " instead");
    }
  return "";
}

}  // namespace

std::string ProblemOfRepeating(const std::vector<NodeScripts>& bound,
                               const PreviousRun& previous, const Graph& graph) {
  if (previous.knows_scripts) return UnreachedParents(bound, previous, graph);
  if (previous.nodes.empty()) return "";
  const Children children = ChildrenOf(graph);
  const auto is_repeated = [&](const std::string& id) {
    return previous.nodes.contains(id);
  };
  std::vector<std::string> nodes;
  for (const NodeScripts& of_node : bound) {
    if (!of_node.is_ephemeral) continue;
    const std::set<std::string> below = DescendantsOf(of_node.node, children);
    if (!is_repeated(of_node.node) &&
        std::none_of(below.begin(), below.end(), is_repeated))
      continue;
    nodes.push_back(of_node.node);
  }
  if (nodes.empty()) return "";
  return Text("cannot tell whether the scripts of ", NamesIn(nodes),
              " succeeded: aft's results are not of the run that dbt repeats; run ",
              CommandFor(nodes, previous.call), " instead");
}

}  // namespace aft
