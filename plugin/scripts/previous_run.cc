// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/previous_run.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/base/text_file.h"
#include "plugin/dbt/node_status.h"
#include "plugin/dbt/run_results.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// dbt-core, task/retry.py: RETRYABLE_STATUSES, to which `--warn-error` adds one.
bool IsRetried(const std::string& status, bool repeats_warned) {
  return IsFailure(status) || status == "skipped" || (repeats_warned && status == "warn");
}

/// Those that say what is built and how; not what is selected, for the nodes are known.
/// (dbt-core, task/retry.py)
std::vector<std::string> OptionsOf(const json::value& args) {
  std::vector<std::string> options;
  for (const char* flag :
       {"full-refresh", "defer", "favor-state", "fail-fast", "empty", "store-failures"}) {
    std::string key = flag;
    std::replace(key.begin(), key.end(), '-', '_');
    if (const json::value* value = ValueAt(args, {key});
        value != nullptr && *value == true)
      options.push_back(Text("--", flag));
  }
  for (const char* name : {"profile", "target", "state", "event-time-start",
                           "event-time-end", "sample", "threads", "vars"}) {
    std::string key = name;
    std::replace(key.begin(), key.end(), '-', '_');
    const json::value* value = ValueAt(args, {key});
    if (value == nullptr || value->is_null()) continue;
    options.push_back(Text("--", name));
    options.push_back(value->is_string() ? std::string(value->as_string())
                                         : json::serialize(*value));
  }
  return options;
}

std::set<std::string> UnfinishedScripts(const json::value& results) {
  std::set<std::string> ids;
  const json::value* entries = ValueAt(results, {"results"});
  if (entries == nullptr || !entries->is_array()) return ids;
  for (const json::value& entry : entries->as_array())
    if (StringAt(entry, {"status"}) != "success")
      ids.insert(StringAt(entry, {"unique_id"}));
  return ids;
}

/// What follows the kind and the package in a unique id.
std::string NameIn(const std::string& unique_id) {
  const std::size_t package = unique_id.find('.');
  return unique_id.substr(unique_id.find('.', package + 1) + 1);
}

}  // namespace

const char* const kForeignScripts =
    "Scripts of ephemeral models are not repeated, for aft's results are not of the run "
    "that dbt repeats.";

PreviousRun ReadPreviousRun(const fs::path& folder, bool repeats_warned) {
  PreviousRun previous;
  previous.document = ReadText(folder / "run_results.json");
  const json::value of_dbt = ParseJsonOrNull(previous.document);
  previous.command = StringAt(of_dbt, {"args", "which"});
  if (const json::value* args = ValueAt(of_dbt, {"args"}))
    previous.options = OptionsOf(*args);
  for (const NodeResult& result : ResultsIn(of_dbt)) {
    if (IsRetried(result.status, repeats_warned)) previous.nodes.insert(result.node);
    if (result.status == "partial success") previous.partial.insert(result.node);
  }
  const json::value of_scripts = ReadJsonFileOrNull(folder / "aft" / "results.json");
  previous.failed = UnfinishedScripts(of_scripts);
  previous.invocation_id = StringAt(of_dbt, {"metadata", "invocation_id"});
  previous.knows_scripts =
      StringAt(of_scripts, {"metadata", "invocation_id"}) == previous.invocation_id;
  if (!previous.knows_scripts) {
    previous.has_foreign_scripts = !previous.failed.empty();
    previous.failed.clear();
  }
  return previous;
}

std::vector<NodeScripts> LeftScripts(const std::vector<NodeScripts>& bound,
                                     const PreviousRun& previous) {
  std::vector<NodeScripts> left;
  for (const NodeScripts& of_node : bound) {
    if (!of_node.is_ephemeral) continue;
    NodeScripts of_left{of_node.node, true, {}};
    std::copy_if(of_node.scripts.begin(), of_node.scripts.end(),
                 std::back_inserter(of_left.scripts), [&previous](const Script& script) {
                   return previous.failed.contains(script.id);
                 });
    if (!of_left.scripts.empty()) left.push_back(std::move(of_left));
  }
  return left;
}

std::string UnknownScripts(const std::vector<NodeScripts>& bound,
                           const PreviousRun& previous, const Graph& graph) {
  if (previous.knows_scripts || previous.nodes.empty()) return "";
  const Children children = ChildrenOf(graph);
  const auto is_repeated = [&](const std::string& id) {
    return previous.nodes.contains(id);
  };
  std::string models;
  std::string selectors;
  for (const NodeScripts& of_node : bound) {
    if (!of_node.is_ephemeral) continue;
    const std::set<std::string> below = DescendantsOf(of_node.node, children);
    if (!is_repeated(of_node.node) &&
        std::none_of(below.begin(), below.end(), is_repeated))
      continue;
    models += Text(models.empty() ? "'" : ", '", of_node.node, "'");
    selectors += Text(" ", NameIn(of_node.node), "+");
  }
  if (models.empty()) return "";
  return Text("cannot tell whether the scripts of ", models,
              " have succeeded, for aft's results are not of the run that dbt repeats; "
              "run 'aft dbt ",
              previous.command, " --select", selectors, "' instead");
}

}  // namespace aft
