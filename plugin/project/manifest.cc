// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/manifest.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/base/quoted_names.h"
#include "plugin/project/unbound_scripts.h"

namespace aft {
namespace {

namespace json = boost::json;

const json::object& Object(const json::object& object, std::string_view key) {
  static const json::object kEmpty;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->as_object() : kEmpty;
}

bool SpeaksToUs(const json::value* meta) {
  return meta != nullptr && meta->is_object() &&
         (meta->as_object().contains("fal") || meta->as_object().contains("aft") ||
          !PythonModelOf(*meta).empty());
}

/// The `meta` with scripts: dbt before 1.10 has `meta` and `config.meta` apart.
const json::value* MetaOf(const json::object& node) {
  const json::value* meta = node.if_contains("meta");
  if (SpeaksToUs(meta)) return meta;
  meta = Object(node, "config").if_contains("meta");
  return SpeaksToUs(meta) ? meta : nullptr;
}

/// "jaffle_shop://models/schema.yml" to its package and its file.
std::pair<std::string, std::string> Declaration(const json::object& node) {
  const std::string patch = StringAt(node, "patch_path");
  const std::size_t colon = patch.find("://");
  if (colon == std::string::npos)
    return {StringAt(node, "package_name"), StringAt(node, "original_file_path")};
  return {patch.substr(0, colon), patch.substr(colon + 3)};
}

std::vector<std::string> Strings(const json::object& object, std::string_view key) {
  std::vector<std::string> strings;
  const json::value* list = object.if_contains(key);
  if (list == nullptr || !list->is_array()) return strings;
  for (const json::value& entry : list->as_array())
    if (entry.is_string()) strings.emplace_back(entry.as_string());
  return strings;
}

/// "schema.alias", without what there is none of.
std::string RelationOf(const json::object& node) {
  const std::string schema = StringAt(node, "schema");
  const std::string alias = StringAt(node, "alias");
  return schema.empty() || alias.empty() ? alias : schema + "." + alias;
}

/// Whether dbt has a rule for how fresh a source must be. (dbt-core, nodes.py:
/// has_freshness)
bool HasFreshness(const json::object& source) {
  const auto has_count = [&](const char* rule) {
    const json::value* count =
        Object(Object(source, "freshness"), rule).if_contains("count");
    return count != nullptr && !count->is_null();
  };
  return has_count("warn_after") || has_count("error_after");
}

/// What picks a node alone on the command line of the dbt that wrote the manifest.
std::string SelectorOf(const json::object& entry, const GraphNode& node, bool is_dbt_2) {
  if (node.type == "source")
    return SourceSelector(StringAt(entry, "package_name"), StringAt(entry, "source_name"),
                          node.name);
  const std::vector<std::string> name = Strings(entry, "fqn");
  const bool is_of_yaml = node.file.ends_with(".yml") || node.file.ends_with(".yaml");
  return is_dbt_2 && is_of_yaml ? ExactSelectorOfType(name, node.type)
                                : ExactSelector(name, node.file);
}

void AddToGraph(const std::string& id, const json::object& entry, bool is_dbt_2,
                Graph& graph) {
  GraphNode node;
  node.type = StringAt(entry, "resource_type");
  if (node.type.empty()) node.type = id.substr(0, id.find('.'));
  node.name = StringAt(entry, "name");
  if (node.type == "model") {
    const json::object& config = Object(entry, "config");
    node.materialization = StringAt(config, "materialized");
    node.continues_on_error = StringAt(config, "on_error") == "continue";
  }
  node.relation = RelationOf(entry);
  node.file = StringAt(entry, "original_file_path");
  node.selector = SelectorOf(entry, node, is_dbt_2);
  node.has_freshness = node.type == "source" && HasFreshness(entry);
  for (std::string& parent : Strings(Object(entry, "depends_on"), "nodes"))
    node.parents.insert(std::move(parent));
  graph.emplace(id, std::move(node));
}

/// dbt's manifest has a mapping for each of several kinds of node.
void ReadGraph(const json::object& root, bool is_dbt_2, Graph& graph) {
  for (const char* kind : {"nodes", "unit_tests", "saved_queries", "exposures", "metrics",
                           "semantic_models", "functions", "sources"})
    for (const auto& [id, entry] : Object(root, kind))
      if (entry.is_object()) AddToGraph(id, entry.as_object(), is_dbt_2, graph);
}

bool IsHook(const std::string& unique_id, const json::object& node) {
  if (unique_id.rfind("operation.", 0) != 0) return false;
  const std::vector<std::string> tags = Strings(node, "tags");
  return std::any_of(tags.begin(), tags.end(), [](const std::string& tag) {
    return tag == "on-run-start" || tag == "on-run-end";
  });
}

std::string NameOf(const json::object& node) {
  const std::string source = StringAt(node, "source_name");
  return source.empty() ? StringAt(node, "name") : source + "." + StringAt(node, "name");
}

json::value Parse(const std::filesystem::path& path) {
  std::string reason;
  try {
    json::value value = ReadJsonFile(path);
    if (value.is_object() && value.as_object().contains("nodes")) return value;
    reason = "it has no nodes";
  } catch (const Error& error) {
    reason = error.what();
  }
  throw Error(Text("cannot read dbt's manifest '", path.native(), "': ", reason));
}

void Append(const std::vector<std::string>& from, std::vector<std::string>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

std::vector<std::string> MisspeltBindingsOf(const json::object& node,
                                            const std::string& place) {
  // dbt shows what stands in one of them in both.
  for (const json::object* holder : {&node, &Object(node, "config")}) {
    const json::value* meta = holder->if_contains("meta");
    if (meta == nullptr) continue;
    std::vector<std::string> misspelt = MisspeltBindings(*meta, place);
    if (!misspelt.empty()) return misspelt;
  }
  return {};
}

/// False when the node says nothing of scripts, right or wrong, or of hooks alone, which
/// write no table.
bool AddNode(const std::string& unique_id, const json::object& node, Manifest& manifest) {
  const auto [package, file] = Declaration(node);
  const std::string place = Text(file, ": node '", NameOf(node), "'");
  // The scripts of a package do not run unless it is allowed, whatever is wrong with
  // them.
  const bool is_own = package == manifest.project;
  std::vector<std::string> problems;
  if (is_own) problems = MisspeltBindingsOf(node, place);
  const json::value* meta = MetaOf(node);
  if (meta == nullptr) {
    Append(problems, manifest.problems);
    return !problems.empty();
  }
  BoundNode bound{unique_id, NameOf(node), package, false, false, {}, {}};
  bound.is_ephemeral = StringAt(Object(node, "config"), "materialized") == "ephemeral";
  bound.is_source = StringAt(node, "resource_type") == "source";
  bound.bindings = ReadBindings(*meta, place, problems);
  Append(problems, is_own ? manifest.problems : bound.problems);
  const bool has_scripts =
      std::any_of(bound.bindings.begin(), bound.bindings.end(),
                  [](const ScriptBinding& script) { return !IsHook(script.when); });
  if (!bound.bindings.empty() || !bound.problems.empty())
    manifest.nodes.push_back(std::move(bound));
  return has_scripts || !problems.empty();
}

/// Those of disabled nodes stand in a list for each id.
void ReadNames(const json::object& root, NodeNames& names) {
  for (const char* kind : {"nodes", "sources"})
    for (const auto& [id, entry] : Object(root, kind))
      if (entry.is_object()) names.Add(id, NameOf(entry.as_object()));
  for (const auto& [id, entries] : Object(root, "disabled"))
    if (entries.is_array())
      for (const json::value& entry : entries.as_array())
        if (entry.is_object()) names.Add(id, NameOf(entry.as_object()));
}

/// Warns of scripts of disabled nodes, in one sentence. dbt keeps a list of nodes for
/// each id that is disabled.
void AddDisabled(const json::object& root, Manifest& manifest) {
  std::vector<std::string> names;
  for (const auto& [unique_id, entries] : Object(root, "disabled")) {
    if (!entries.is_array() || entries.as_array().empty()) continue;
    const json::value& first = entries.as_array().front();
    if (!first.is_object()) continue;
    const json::object& node = first.as_object();
    const json::value* meta = MetaOf(node);
    if (meta == nullptr || StringAt(node, "package_name") != manifest.project) continue;
    std::vector<std::string> ignored;
    if (!ReadBindings(*meta, "", ignored).empty()) names.push_back(NameOf(node));
  }
  if (!names.empty())
    manifest.warnings.push_back(
        Text("the scripts of these nodes do not run because the nodes are disabled: ",
             QuotedNames(names)));
}

std::vector<Placeholder> PlaceholdersOf(const std::vector<BoundNode>& nodes,
                                        const json::object& root) {
  std::map<std::string, bool> may_leave_table;
  for (const BoundNode& node : nodes)
    if (node.is_ephemeral)
      may_leave_table[node.unique_id] =
          std::any_of(node.bindings.begin(), node.bindings.end(),
                      [](const ScriptBinding& script) { return script.may_leave_table; });
  std::vector<std::string> ids;
  ids.reserve(may_leave_table.size());
  for (const auto& [id, may] : may_leave_table) ids.push_back(id);
  std::vector<Placeholder> placeholders = ReadPlaceholders(root, ids);
  for (Placeholder& placeholder : placeholders)
    placeholder.may_leave_table = may_leave_table.at(placeholder.node);
  return placeholders;
}

/// Tells of models that stand for a table that no script writes. `bound` are the ids of
/// those with scripts.
void AddUnscripted(const json::object& root, const std::set<std::string>& bound,
                   Manifest& manifest) {
  for (const Placeholder& model : ReadUnscripted(root, manifest.project, bound))
    manifest.warnings.push_back(
        Text(model.file, ": '", model.name,
             "' selects from its own table, but no script is bound to it; what is built ",
             "on it gets whatever rows are there"));
}

}  // namespace

Manifest ReadManifest(const std::filesystem::path& path, const std::string& project) {
  const json::value value = Parse(path);
  const json::object& root = value.as_object();
  Manifest manifest;
  manifest.project = StringAt(Object(root, "metadata"), "project_name");
  if (manifest.project.empty()) manifest.project = project;
  manifest.dbt_version = StringAt(Object(root, "metadata"), "dbt_version");
  manifest.admits_one_process =
      StringAt(Object(root, "metadata"), "adapter_type") == "duckdb";
  manifest.id = StringAt(Object(root, "metadata"), "invocation_id");
  ReadGraph(root, manifest.dbt_version.starts_with("2."), manifest.graph);
  ReadNames(root, manifest.names);
  for (const auto& [unique_id, entry] : Object(root, "nodes"))
    if (entry.is_object() && IsHook(unique_id, entry.as_object()))
      manifest.has_hooks = true;
  std::set<std::string> bound;
  for (const char* kind : {"nodes", "sources"})
    for (const auto& [unique_id, entry] : Object(root, kind))
      if (entry.is_object() &&
          MayBindScripts(StringAt(entry.as_object(), "resource_type")) &&
          AddNode(unique_id, entry.as_object(), manifest))
        bound.insert(unique_id);
  AddDisabled(root, manifest);
  Append(FindUnboundScripts(root, manifest.project), manifest.problems);
  manifest.placeholders = PlaceholdersOf(manifest.nodes, root);
  AddUnscripted(root, bound, manifest);
  return manifest;
}

}  // namespace aft
