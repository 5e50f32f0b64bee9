// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/manifest.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"

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
         (meta->as_object().contains("fal") || meta->as_object().contains("aft"));
}

/// The `meta` with scripts: dbt before 1.10 has `meta` and `config.meta` apart.
const json::value* MetaOf(const json::object& node) {
  const json::value* meta = node.if_contains("meta");
  if (SpeaksToUs(meta)) return meta;
  meta = Object(node, "config").if_contains("meta");
  return SpeaksToUs(meta) ? meta : nullptr;
}

bool MayHaveScripts(const json::object& node) {
  const std::string type = StringAt(node, "resource_type");
  return type == "model" || type == "seed" || type == "snapshot" || type == "source";
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

void AddToGraph(const std::string& id, const json::object& entry, Graph& graph) {
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
  node.selector = node.type == "source"
                      ? SourceSelector(StringAt(entry, "package_name"),
                                       StringAt(entry, "source_name"), node.name)
                      : ExactSelector(Strings(entry, "fqn"), node.file);
  node.has_freshness = node.type == "source" && HasFreshness(entry);
  for (std::string& parent : Strings(Object(entry, "depends_on"), "nodes"))
    node.parents.insert(std::move(parent));
  graph.emplace(id, std::move(node));
}

/// dbt's manifest has a mapping for each of several kinds of node.
void ReadGraph(const json::object& root, Graph& graph) {
  for (const char* kind : {"nodes", "unit_tests", "saved_queries", "exposures", "metrics",
                           "semantic_models", "functions", "sources"})
    for (const auto& [id, entry] : Object(root, kind))
      if (entry.is_object()) AddToGraph(id, entry.as_object(), graph);
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

void AddNode(const std::string& unique_id, const json::object& node, Manifest& manifest) {
  const json::value* meta = MetaOf(node);
  if (meta == nullptr) return;
  const auto [package, file] = Declaration(node);
  BoundNode bound{unique_id, NameOf(node), package, false, false, {}};
  bound.is_ephemeral = StringAt(Object(node, "config"), "materialized") == "ephemeral";
  bound.is_source = StringAt(node, "resource_type") == "source";
  bound.bindings =
      ReadBindings(*meta, Text(file, ": node '", bound.name, "'"), manifest.problems);
  if (!bound.bindings.empty()) manifest.nodes.push_back(std::move(bound));
}

}  // namespace

Manifest ReadManifest(const std::filesystem::path& path) {
  const json::value value = Parse(path);
  const json::object& root = value.as_object();
  Manifest manifest;
  manifest.project = StringAt(Object(root, "metadata"), "project_name");
  manifest.dbt_version = StringAt(Object(root, "metadata"), "dbt_version");
  ReadGraph(root, manifest.graph);
  for (const auto& [unique_id, entry] : Object(root, "nodes"))
    if (entry.is_object() && IsHook(unique_id, entry.as_object()))
      manifest.has_hooks = true;
  for (const char* kind : {"nodes", "sources"})
    for (const auto& [unique_id, entry] : Object(root, kind))
      if (entry.is_object() && MayHaveScripts(entry.as_object()))
        AddNode(unique_id, entry.as_object(), manifest);
  return manifest;
}

}  // namespace aft
