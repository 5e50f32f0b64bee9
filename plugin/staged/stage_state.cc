// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/stage_state.h"

#include <boost/json.hpp>
#include <string_view>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/dbt_variables.h"
#include "plugin/dbt/run_results.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

fs::path Made(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code)
    throw Error(Text("cannot make the folder '", folder.native(), "': ", code.message()));
  return folder;
}

/// Whether this dbt takes nodes from results of the schemas that WriteFailures() knows.
bool TakesResults(std::string_view dbt_version) {
  constexpr int kOldestMinor = 7;
  return MinorOfDbt1(dbt_version).value_or(0) >= kOldestMinor;
}

}  // namespace

void StageState::KeepFromDeferral(const fs::path& deferred_to,
                                  const std::set<std::string>& selected) {
  if (deferred_to.empty()) return;
  const fs::path path = deferred_to / "manifest.json";
  json::value manifest;
  try {
    manifest = ReadJsonFile(path);
  } catch (const Error& error) {
    throw Error(Text("cannot read '", path.native(),
                     "', to which '--defer' refers: ", error.what()));
  }
  json::object* root = manifest.if_object();
  json::value* nodes = root == nullptr ? nullptr : root->if_contains("nodes");
  if (nodes == nullptr || !nodes->is_object()) return;
  for (const std::string& node : selected) nodes->as_object().erase(node);
  defer_folder_ = Made(folder_ / "defer");
  WriteAtomically(defer_folder_ / "manifest.json", json::serialize(manifest));
}

fs::path StageState::KeepManifest(const fs::path& manifest) const {
  const fs::path kept = Made(folder_) / manifest.filename();
  std::error_code code;
  fs::copy_file(manifest, kept, fs::copy_options::overwrite_existing, code);
  if (code) throw Error(Text("cannot copy '", manifest.native(), "': ", code.message()));
  return kept;
}

StageSelection StageState::Select(const std::vector<std::string>& nodes,
                                  const Graph& graph,
                                  const std::string& dbt_version) const {
  StageSelection selection;
  selection.defer_folder = defer_folder_;
  // Sources have results of another kind.
  const bool are_sources = !nodes.empty() && graph.at(nodes.front()).type == "source";
  if (are_sources || !TakesResults(dbt_version)) {
    for (const std::string& node : nodes)
      selection.selectors.push_back(graph.at(node).selector);
    return selection;
  }
  selection.state_folder = Made(folder_ / "stage");
  selection.selectors = {"result:error"};
  WriteFailures(selection.state_folder / "run_results.json", nodes, dbt_version);
  return selection;
}

}  // namespace aft
