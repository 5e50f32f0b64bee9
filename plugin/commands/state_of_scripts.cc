// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/state_of_scripts.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_text.h"
#include "plugin/base/text_file.h"
#include "plugin/scripts/script_digests.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kManifest = "manifest.json";
constexpr std::string_view kMark = "\n-- a script of this node has changed since\n";

/// Whether dbt may compare nodes with the state, as far as files tell.
bool SelectsByState(const DbtArguments& arguments, const fs::path& project) {
  constexpr auto kMethod =
      std::to_array<std::string_view>({"state:modified", "state:unmodified"});
  bool selects = false;
  for (const char* option : {"--select", "--exclude"})
    for (const std::string& value : arguments.Values(option)) {
      selects = true;
      for (const std::string_view method : kMethod)
        if (value.find(method) != std::string::npos) return true;
    }
  // The selector that is named, or the default one.
  const bool has_selector = !arguments.Value("--selector").empty() || !selects;
  return has_selector &&
         ReadText(project / "selectors.yml").find("modified") != std::string::npos;
}

/// Lets dbt find `node` changed: it compares the SQL of a model, and the checksum of a
/// seed. (dbt-core, contracts/graph/nodes.py: same_body)
void Mark(json::object& node) {
  if (json::value* code = node.if_contains("raw_code"))
    *code = (code->is_string() ? std::string(code->as_string()) : "") + kMark.data();
  node["checksum"] = {{"name", "sha256"}, {"checksum", "changed"}};
}

/// A new manifest at `path`, like the one at `original` but for `changed`.
void WriteMarked(const fs::path& original, const std::set<std::string>& changed,
                 const fs::path& path) {
  json::value manifest = ReadJsonFile(original);
  json::object* root = manifest.if_object();
  json::value* nodes = root == nullptr ? nullptr : root->if_contains("nodes");
  if (nodes == nullptr || !nodes->is_object()) throw Error("it has no nodes");
  for (const std::string& id : changed)
    if (json::value* node = nodes->as_object().if_contains(id);
        node != nullptr && node->is_object())
      Mark(node->as_object());
  WriteAtomically(path, json::serialize(manifest));
}

/// Makes `folder` one with all that dbt reads of `state`, but for its manifest.
void CopyState(const fs::path& state, const fs::path& folder) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const char* name : {"run_results.json", "sources.json"})
    if (fs::exists(state / name)) fs::copy_file(state / name, folder / name);
}

}  // namespace

fs::path StateWithScripts(const DbtArguments& arguments, const ExpectedRun& expected,
                          const RunOutput& output) {
  const ProjectConfig& project = expected.project;
  const std::string given = arguments.Setting("state");
  const bool is_retry = arguments.command() == "retry";  // there, it has the results
  if (given.empty() || is_retry || project.folder.empty() ||
      !SelectsByState(arguments, project.folder))
    return {};
  // dbt looks for it from the project on.
  const fs::path state = (project.folder / given).lexically_normal();
  fs::path folder =
      TargetFolder(project, arguments.Setting("target-path")) / "aft" / "state";
  if (state == folder || !fs::exists(state / kManifest)) return {};
  const std::optional<ScriptDigests> digests = ReadDigests(state);
  if (!digests) {
    if (!expected.binds_to_nodes) return {};
    output.write_error(
        Text("aft: warning: scripts that have changed do not count as modified because ",
             "there is no '", DigestFile(state).native(),
             "'; keep this file of aft's with dbt's manifest\n"));
    return {};
  }
  const std::set<std::string> changed = ChangedNodes(*digests, project);
  if (changed.empty()) return {};
  if (!arguments.variables().Override("state").empty()) {
    output.write_error(
        "aft: warning: scripts that have changed do not count as modified because dbt "
        "takes the state from DBT_ARTIFACT_STATE_PATH; use '--state' or DBT_STATE\n");
    return {};
  }
  try {
    CopyState(state, folder);
    WriteMarked(state / kManifest, changed, folder / kManifest);
  } catch (const std::exception& error) {
    throw Error(Text("cannot compare scripts with those of '",
                     (state / kManifest).native(), "': ", error.what()));
  }
  return folder;
}

}  // namespace aft
