// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/state_of_scripts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host_shim/error.h"
#include "plugin/base/quoted_names.h"
#include "plugin/base/text_file.h"
#include "plugin/commands/marked_states.h"
#include "plugin/project/manifest.h"
#include "plugin/scripts/script_digests.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "manifest.json";

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

/// Whether dbt's subcommand `name` compares nodes with a state. (dbt retry repeats the
/// state of another run.)
bool ComparesWithState(std::string_view name) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"build", "clone", "compile", "docs generate", "list", "ls", "run", "seed", "show",
       "snapshot", "source freshness", "source snapshot-freshness", "test"});
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// The nodes with scripts that have changed since `state`. Warns of what is not known.
std::set<std::string> ChangedSince(const fs::path& state, const ExpectedRun& expected,
                                   const RunOutput& output) {
  const ProjectConfig& project = expected.project;
  const std::optional<ScriptDigests> kept = ReadDigests(state);
  if (!kept && !expected.MayBindToNodes()) return {};
  const Manifest manifest = ReadManifest(state / kManifest, project.name);
  const bool belong = kept && kept->manifests.contains(manifest.id);
  const ScriptDigests digests = belong ? *kept : ScriptDigests{};
  const std::string without = QuotedNames(NodesWithout(digests, manifest, project));
  const std::string file = DigestFile(state);
  if (!without.empty())
    output.write_error(Text("aft: warning: changed scripts of ", without,
                            " do not count as modified because ",
                            belong ? Text("'", file, "' does not have them")
                            : kept
                                ? Text("'", (state / kManifest).native(),
                                       "' was written by another command than '", file,
                                       "'; have aft write both")
                                : Text("there is no '", file,
                                       "'; keep this file of aft's with dbt's manifest"),
                            "\n"));
  return ChangedNodes(digests, project);
}

}  // namespace

fs::path StateWithScripts(const DbtArguments& arguments, const ExpectedRun& expected,
                          const RunOutput& output) {
  const ProjectConfig& project = expected.project;
  const std::string given = arguments.Setting("state");
  if (given.empty() || !ComparesWithState(arguments.command()) ||
      project.folder.empty() || !SelectsByState(arguments, project.folder))
    return {};
  const fs::path state = StateFolder(project, given);
  const MarkedStates states(TargetFolder(project, arguments.Setting("target-path")));
  if (states.Has(state) || !fs::exists(state / kManifest)) return {};
  try {
    const std::set<std::string> changed = ChangedSince(state, expected, output);
    if (changed.empty()) return {};
    if (arguments.variables().Override("state").empty())
      return states.Make(state, changed);
  } catch (const std::exception& error) {
    throw Error(Text("cannot compare scripts with those of '", state.native(),
                     "': ", error.what()));
  }
  output.write_error(
      "aft: warning: scripts that have changed do not count as modified because dbt "
      "takes the state from DBT_ARTIFACT_STATE_PATH; use '--state' or DBT_STATE\n");
  return {};
}

}  // namespace aft
