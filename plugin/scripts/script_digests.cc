// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_digests.h"

#include <boost/json.hpp>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/project/script_files.h"
#include "plugin/scripts/bound_scripts.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr int kVersion = 1;

/// `path` as it is named from the project's folder on.
fs::path FromProjectFolder(const fs::path& path, const ProjectConfig& project) {
  fs::path named = AsNamed(path).lexically_relative(project.folder);
  if (named.empty() || *named.begin() != "..") return named;
  // What climbs is named without links.
  std::error_code code;
  const fs::path folder = fs::canonical(project.folder, code);
  return code ? named : AsNamed(path).lexically_relative(folder);
}

/// Where imports begin, beside the folders above a script.
fs::path BaseOf(const fs::path& scripts_folder, const ProjectConfig& project) {
  return FromProjectFolder(project.folder / scripts_folder, project);
}

std::map<std::string, std::map<std::string, std::string>> DigestsOf(
    const Manifest& manifest, const ProjectConfig& project,
    const DbtInvocation& invocation) {
  ScriptFiles files(project.folder);
  const fs::path base = BaseOf(ScriptsFolder(project, invocation), project);
  std::map<std::string, std::map<std::string, std::string>> digests;
  for (const BoundNode& node : manifest.nodes) {
    const auto folders = FoldersOf(node, manifest, project, invocation);
    if (node.is_source || !folders) continue;
    for (const ScriptBinding& binding : node.bindings) {
      const fs::path& folder = binding.is_model ? folders->package : folders->scripts;
      const fs::path path = FromProjectFolder(folder / binding.path, project);
      digests[node.unique_id][path] = files.DigestOf(path, base);
    }
  }
  return digests;
}

std::string Write(const ScriptDigests& digests, const fs::path& file) {
  const json::value document = {{"version", kVersion},
                                {"manifests", json::value_from(digests.manifests)},
                                {"nodes", json::value_from(digests.nodes)}};
  std::error_code code;
  fs::create_directories(file.parent_path(), code);
  try {
    WriteAtomically(file, json::serialize(document) + "\n");
  } catch (const Error& error) {
    return Text(error.what(), "; a later 'state:modified' will not see which scripts ",
                "have changed");
  }
  return "";
}

}  // namespace

fs::path DigestFile(const fs::path& folder) {
  return folder / "aft" / "script_digests.json";
}

std::string KeepDigests(const Manifest& manifest, const ProjectConfig& project,
                        const DbtInvocation& invocation, const fs::path& target_folder) {
  // Such a manifest could not be read.
  if (manifest.id.empty()) return "";
  const ScriptDigests digests{{manifest.id}, DigestsOf(manifest, project, invocation)};
  const fs::path file = DigestFile(target_folder);
  std::error_code code;
  // A project without scripts gets no file.
  if (digests.nodes.empty() && !fs::exists(file, code)) return "";
  return Write(digests, file);
}

std::string KeepDigestsAlsoFor(const std::string& id, const std::string& known,
                               const fs::path& target_folder) {
  if (id.empty()) return "";
  std::optional<ScriptDigests> digests = ReadDigests(target_folder);
  if (!digests || !digests->manifests.contains(known)) return "";
  if (!digests->manifests.insert(id).second) return "";
  return Write(*digests, DigestFile(target_folder));
}

std::optional<ScriptDigests> ReadDigests(const fs::path& folder) {
  const json::value document = ReadJsonFileOrNull(DigestFile(folder));
  const json::value* version = ValueAt(document, {"version"});
  const json::value* manifests = ValueAt(document, {"manifests"});
  const json::value* nodes = ValueAt(document, {"nodes"});
  if (version == nullptr || *version != json::value(kVersion) || nodes == nullptr ||
      !nodes->is_object() || manifests == nullptr || !manifests->is_array())
    return std::nullopt;
  ScriptDigests digests;
  for (const json::value& id : manifests->as_array())
    if (id.is_string()) digests.manifests.emplace(id.as_string());
  for (const auto& [node, scripts] : nodes->as_object())
    if (scripts.is_object())
      for (const auto& [path, digest] : scripts.as_object())
        if (digest.is_string()) digests.nodes[node][path] = digest.as_string();
  return digests;
}

std::set<std::string> ChangedNodes(const ScriptDigests& digests,
                                   const ProjectConfig& project) {
  ScriptFiles files(project.folder);
  const fs::path base = BaseOf(project.scripts_path, project);
  std::set<std::string> changed;
  for (const auto& [node, scripts] : digests.nodes)
    for (const auto& [path, digest] : scripts)
      if (digest.empty() || files.DigestOf(path, base) != digest) changed.insert(node);
  return changed;
}

std::vector<std::string> NodesWithout(const ScriptDigests& digests,
                                      const Manifest& manifest,
                                      const ProjectConfig& project) {
  std::vector<std::string> names;
  for (const BoundNode& node : manifest.nodes)
    if (!node.is_source && !node.bindings.empty() &&
        FoldersOf(node, manifest, project, {}) && !digests.nodes.contains(node.unique_id))
      names.push_back(node.name);
  return names;
}

}  // namespace aft
