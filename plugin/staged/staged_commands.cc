// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/staged_commands.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

/// For the environment, which every command takes, while `dbt ls` has no such options:
/// dbt's log as JSON, and these "NAME=value" settings.
std::vector<std::string> InJson(std::initializer_list<const char*> settings) {
  std::vector<std::string> environment;
  for (const char* prefix : {"DBT_", "DBT_ENGINE_"}) {
    environment.push_back(std::string(prefix) + "LOG_FORMAT=json");
    for (const char* setting : settings) environment.push_back(Text(prefix, setting));
  }
  return environment;
}

void Append(const char* option, const std::vector<std::string>& values,
            Process& process) {
  if (values.empty()) return;
  process.argv.emplace_back(option);
  process.argv.insert(process.argv.end(), values.begin(), values.end());
}

}  // namespace

StagedCommands::StagedCommands(std::filesystem::path dbt, std::vector<std::string> words,
                               DbtVariables variables)
    : dbt_(std::move(dbt)),
      typed_(std::move(words)),
      words_(typed_),
      arguments_(words_, std::move(variables)) {}

StagedCommands StagedCommands::Repeating(const std::string& command,
                                         const std::vector<std::string>& options) const {
  StagedCommands repeating = *this;
  repeating.words_ = {command};
  repeating.words_.insert(repeating.words_.end(), options.begin(), options.end());
  // Of these, dbt takes no notice at a retry. A state is where the results lie.
  for (std::string& word : arguments_.WordsWithout(
           {"--state", "--profile", "--target", "--full-refresh", "--fail-fast",
            "--no-fail-fast", "--defer", "--no-defer", "--favor-state",
            "--no-favor-state", "--indirect-selection"}))
    repeating.words_.push_back(std::move(word));
  repeating.arguments_ = DbtArguments(repeating.words_, arguments_.variables());
  return repeating;
}

StagedCommands StagedCommands::Selecting(const std::vector<std::string>& select,
                                         const std::vector<std::string>& exclude) const {
  std::vector<std::string> words =
      arguments_.WordsWithout({"--select", "--exclude"}, arguments_.command());
  for (const auto& [option, values] :
       {std::pair("--select", &select), std::pair("--exclude", &exclude)}) {
    if (values->empty()) continue;
    words.emplace_back(option);
    words.insert(words.end(), values->begin(), values->end());
  }
  return {dbt_, std::move(words), arguments_.variables()};
}

Process StagedCommands::ListingOf(const std::string& selector) const {
  const StagedCommands asking(
      dbt_,
      arguments_.WordsWithout(
          {"--select", "--exclude", "--selector", "--indirect-selection"},
          arguments_.command()),
      arguments_.variables());
  Process process = asking.Listing();
  if (!selector.empty()) Append("--select", {selector}, process);
  // Tests are nodes like all others here: none comes along with a model.
  for (const char* prefix : {"DBT_", "DBT_ENGINE_"})
    process.environment.push_back(Text(prefix, "INDIRECT_SELECTION=empty"));
  return process;
}

Process StagedCommands::Listing() const {
  // What it gives out is a part of its log, which has to come however quiet the run is.
  Process process{{dbt_.native()}, InJson({"QUIET=false", "LOG_LEVEL=info"}), true};
  // What `dbt run` and its like take, and `dbt ls` does not.
  for (std::string& word : arguments_.WordsWithout(
           {"--select", "--quiet", "--no-quiet", "--log-level", "--log-format",
            "--output", "--output-keys", "--full-refresh", "--threads", "--empty",
            "--no-empty", "--sample", "--no-sample", "--event-time-start",
            "--event-time-end", "--show", "--store-failures", "--export-saved-queries",
            "--no-export-saved-queries", "--include-saved-query",
            "--no-include-saved-query", "--sqlparse", "--fail-fast", "--no-fail-fast",
            "--defer", "--no-defer", "--favor-state", "--no-favor-state",
            // Those of dbt 2.
            "--static-analysis", "--state-mode", "--run-cache-mode",
            "--force-node-selection", "--skip-checks", "--with-sample", "--sampled"},
           "ls"))
    process.argv.push_back(std::move(word));
  // Under `dbt ls`, and there only, `--models` is more than another name for it.
  Append("--select", arguments_.Values("--select"), process);
  for (const char* word : {"--output", "json", "--output-keys", "unique_id"})
    process.argv.emplace_back(word);
  return process;
}

bool StagedCommands::SilencesEmptiness() const {
  const std::string options = arguments_.Setting("warn-error-options");
  return options.find("NoNodesSelected") != std::string::npos ||
         options.find("NothingToDo") != std::string::npos;
}

Process StagedCommands::Stage(const StageSelection& selection) const {
  // Tests are nodes like all others here: none comes along with a model.
  Process process{{dbt_.native()}, InJson({"INDIRECT_SELECTION=empty"}), true};
  std::vector<std::string_view> left_out = {"--select",
                                            "--exclude",
                                            "--selector",
                                            "--resource-type",
                                            "--resource-types",
                                            "--exclude-resource-type",
                                            "--exclude-resource-types",
                                            "--indirect-selection",
                                            "--log-format"};
  if (!selection.state_folder.empty()) left_out.push_back("--state");
  if (!selection.defer_folder.empty()) left_out.push_back("--defer-state");
  for (std::string& word : arguments_.WordsWithout(left_out, arguments_.command()))
    process.argv.push_back(std::move(word));
  if (!selection.state_folder.empty()) {
    Append("--state", {selection.state_folder.native()}, process);
    // The old name of its variable would win over the option.
    for (const char* prefix : {"DBT_", "DBT_ENGINE_"})
      process.environment.push_back(Text(prefix, "ARTIFACT_STATE_PATH="));
  }
  if (!selection.defer_folder.empty())
    Append("--defer-state", {selection.defer_folder.native()}, process);
  Append("--select", selection.selectors, process);
  return process;
}

std::filesystem::path StagedCommands::DeferFolder(const ProjectConfig& project) const {
  if (!arguments_.Flag("defer", false)) return {};
  const std::string own = arguments_.Setting("defer-state");
  const std::string folder = own.empty() ? arguments_.Setting("state") : own;
  if (folder.empty())
    throw Error(
        "'--defer' needs '--state' or '--defer-state', the folder of the manifest that "
        "it refers to");
  return StateFolder(project, folder);
}

Process StagedCommands::AsTyped() const {
  Process process{{dbt_.native()}, {}, false};
  process.argv.insert(process.argv.end(), typed_.begin(), typed_.end());
  return process;
}

bool StagedCommands::RunsType(const std::string& type) const {
  static const std::map<std::string, std::vector<std::string>> kTypes = {
      {"run", {"model"}},
      {"seed", {"seed"}},
      {"snapshot", {"snapshot"}},
      {"source freshness", {"source"}},
      {"source snapshot-freshness", {"source"}},
      {"build",
       {"model", "seed", "snapshot", "test", "unit_test", "saved_query", "exposure",
        "function"}}};
  const auto found = kTypes.find(arguments_.command());
  return found != kTypes.end() && std::find(found->second.begin(), found->second.end(),
                                            type) != found->second.end();
}

}  // namespace aft
