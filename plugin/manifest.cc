// SPDX-License-Identifier: Apache-2.0
#include "plugin/manifest.h"

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

namespace json = boost::json;

std::string String(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

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
  const std::string type = String(node, "resource_type");
  return type == "model" || type == "seed" || type == "snapshot";
}

/// "jaffle_shop://models/schema.yml" to its package and its file.
std::pair<std::string, std::string> Declaration(const json::object& node) {
  const std::string patch = String(node, "patch_path");
  const std::size_t colon = patch.find("://");
  if (colon == std::string::npos)
    return {String(node, "package_name"), String(node, "original_file_path")};
  return {patch.substr(0, colon), patch.substr(colon + 3)};
}

json::value Parse(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Error(
        Text("cannot read dbt's manifest '", path.native(), "': ", std::strerror(errno)));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  boost::system::error_code code;
  json::value value = json::parse(text, code);
  if (!code && value.is_object() && value.as_object().contains("nodes")) return value;
  throw Error(Text("cannot read dbt's manifest '", path.native(),
                   "': ", code ? code.message() : "it has no nodes"));
}

}  // namespace

Manifest ReadManifest(const std::filesystem::path& path) {
  const json::value value = Parse(path);
  const json::object& root = value.as_object();
  Manifest manifest;
  manifest.project = String(Object(root, "metadata"), "project_name");
  for (const auto& [unique_id, entry] : Object(root, "nodes")) {
    if (!entry.is_object() || !MayHaveScripts(entry.as_object())) continue;
    const json::object& node = entry.as_object();
    const json::value* meta = MetaOf(node);
    if (meta == nullptr) continue;
    const auto [package, file] = Declaration(node);
    BoundNode bound{unique_id, String(node, "name"), package, false, {}};
    bound.is_ephemeral = String(Object(node, "config"), "materialized") == "ephemeral";
    bound.bindings =
        ReadBindings(*meta, Text(file, ": node '", bound.name, "'"), manifest.problems);
    if (!bound.bindings.empty()) manifest.nodes.push_back(std::move(bound));
  }
  return manifest;
}

}  // namespace aft
