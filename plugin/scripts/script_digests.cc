// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_digests.h"

#include <boost/json.hpp>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/project/script_files.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr int kVersion = 1;

/// Where imports begin, beside the folders above a script.
fs::path BaseOf(const ProjectConfig& project) {
  const fs::path base = project.scripts_path;
  return base.is_absolute() ? base.lexically_relative(project.folder) : base;
}

ScriptDigests DigestsOf(const std::vector<NodeScripts>& bound,
                        const ProjectConfig& project) {
  ScriptFiles files(project.folder);
  ScriptDigests digests;
  for (const NodeScripts& of_node : bound)
    for (const Script& script : of_node.scripts) {
      const fs::path path = fs::path(script.file).lexically_relative(project.folder);
      digests[of_node.node][path] = files.DigestOf(path, BaseOf(project));
    }
  return digests;
}

}  // namespace

fs::path DigestFile(const fs::path& folder) {
  return folder / "aft" / "script_digests.json";
}

void KeepDigests(BoundScripts& bound, const ProjectConfig& project,
                 const DbtInvocation& invocation, const fs::path& target_folder) {
  if (ChecksSources(invocation.command) || !bound.problems.empty()) return;
  const fs::path file = DigestFile(target_folder);
  std::error_code code;
  // A project without scripts gets no file.
  if (bound.nodes.empty() && !fs::exists(file, code)) return;
  const json::value document = {
      {"version", kVersion},
      {"nodes", json::value_from(DigestsOf(bound.nodes, project))}};
  fs::create_directories(file.parent_path(), code);
  try {
    WriteAtomically(file, json::serialize(document) + "\n");
  } catch (const Error& error) {
    bound.notices.push_back(Text("warning: ", error.what(),
                                 "; a later 'state:modified' will not see which ",
                                 "scripts have changed"));
  }
}

std::optional<ScriptDigests> ReadDigests(const fs::path& folder) {
  const json::value document = ReadJsonFileOrNull(DigestFile(folder));
  const json::value* version = ValueAt(document, {"version"});
  const json::value* nodes = ValueAt(document, {"nodes"});
  if (version == nullptr || *version != json::value(kVersion) || nodes == nullptr ||
      !nodes->is_object())
    return std::nullopt;
  ScriptDigests digests;
  for (const auto& [node, scripts] : nodes->as_object())
    if (scripts.is_object())
      for (const auto& [path, digest] : scripts.as_object())
        if (digest.is_string()) digests[node][path] = digest.as_string();
  return digests;
}

std::set<std::string> ChangedNodes(const ScriptDigests& digests,
                                   const ProjectConfig& project) {
  ScriptFiles files(project.folder);
  std::set<std::string> changed;
  for (const auto& [node, scripts] : digests)
    for (const auto& [path, digest] : scripts)
      if (digest.empty() || files.DigestOf(path, BaseOf(project)) != digest)
        changed.insert(node);
  return changed;
}

}  // namespace aft
