// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/dbt_start.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/commands/selectors_file.h"
#include "plugin/commands/state_of_scripts.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/live/live_run.h"
#include "plugin/run/plain_run.h"
#include "plugin/run/unseen_scripts.h"
#include "plugin/scripts/digest_keeper.h"
#include "plugin/scripts/previous_run.h"
#include "plugin/staged/staged_run.h"

namespace aft {

namespace fs = std::filesystem;

DbtStart::DbtStart(CommandContext& context, DbtCommand command)
    : context_(context),
      command_(std::move(command)),
      dbt_(context, command_.dbt, command_.arguments),
      words_(dbt_.words()) {
  // Its version decides which variables of the environment count. To ask a wrapper takes
  // its start, which is not worth it without scripts.
  if (RunsScripts() && dbt_.named_python()) dbt_.Ask();
  expected_ = LookAhead(dbt_, command_, context_);
  RefuseMissingProfiles();
  if (SelectsScripts())
    if (std::optional<std::vector<std::string>> words = WordsForSelector(
            dbt_, expected_, context_, command_.takes_default_selector)) {
      dbt_.Replace(std::move(*words));
      words_ = dbt_.words();
    }
  // Otherwise an operator has to reach them; see SelectedRun.
  if (!brings_scripts() && !dbt_.Arguments().Values("--select").empty()) {
    choice_.scripts.emplace();
    choice_.takes_models = true;
  }
}

std::unique_ptr<Run> DbtStart::Start() {
  UseStateOfScripts();
  if (!RunsScripts())
    return std::make_unique<PlainRun>(AsTyped(), context_.output(), nullptr,
                                      KeepingDigests());
  switch (command_.mode) {
    case DbtMode::kLive:
      return StartLive();
    case DbtMode::kStaged:
      AskWrapper();
      RefuseOldDbt();
      return StartStaged();
    case DbtMode::kAuto:
      break;
  }
  return StartAuto();
}

std::unique_ptr<Run> DbtStart::Start(std::vector<std::string> words,
                                     ScriptChoice choice) {
  words_ = std::move(words);
  choice_ = std::move(choice);
  if (choice_.alone.empty() && choice_.selects_nodes) return Start();
  // From inside dbt, scripts are run for its nodes only.
  if (choice_.selects_nodes && command_.mode != DbtMode::kStaged)
    context_.output().write_error(
        "aft: staged mode (a dbt process for each stage) because the selection has "
        "scripts of nodes that it leaves out\n");
  return StartStaged();
}

void DbtStart::Ask() {
  AskWrapper();
  dbt_.Ask();
  RefuseOldDbt();
  UseStateOfScripts();
}

void DbtStart::UseStateOfScripts() {
  if (std::exchange(has_state_of_scripts_, true)) return;
  const fs::path state = StateWithScripts(dbt_.Arguments(), expected_, context_.output());
  if (state.empty()) return;
  words_ = dbt_.Arguments().WordsWithout({"--state"}, dbt_.Arguments().command());
  words_.insert(words_.end(), {"--state", state});
}

StagedCommands DbtStart::Commands() const {
  return {dbt_.path(), words_, DbtVariables(dbt_.ability().version)};
}

std::unique_ptr<Run> DbtStart::StartAuto() {
  if (!dbt_.named_python() && !expected_.MayBind()) return StartPlain();
  AskWrapper();
  const DbtAbility& ability = dbt_.Ask();
  if (ability.can_load_gate) return StartLive();
  if (!expected_.MayBind()) return StartPlain();
  RefuseOldDbt();
  context_.output().write_error(Text(
      "aft: staged mode (a dbt process for each stage) because '", dbt_.path().native(),
      "' cannot be followed from inside: ", ability.reason, "\n"));
  return StartStaged();
}

void DbtStart::AskWrapper() {
  if (dbt_.named_python()) return;
  const DbtAbility& ability = dbt_.Ask();
  if (dbt_.ProjectFolder() != expected_.project.folder)
    throw Error(Text("cannot tell in time which project '", dbt_.path().native(),
                     "' works on, because it starts dbt-core ", ability.version,
                     "; name the project with '--project-dir'"));
}

void DbtStart::RefuseOldDbt() {
  dbt_.Ask();
  const std::string problem = dbt_.AgeProblem();
  if (!problem.empty()) throw Error(problem);
}

void DbtStart::RefuseMissingProfiles() const {
  // A wrapper may tell dbt where they are.
  if (!RunsScripts() || !dbt_.named_python() || !expected_.MayBind()) return;
  const std::string problem = ProfilesProblem(dbt_.Arguments());
  if (!problem.empty()) throw Error(problem);
}

Process DbtStart::AsTyped() const {
  Process process{{dbt_.path()}, {}, false};
  process.argv.insert(process.argv.end(), words_.begin(), words_.end());
  return process;
}

UnseenScripts DbtStart::Unseen() const {
  const ProjectConfig& project = expected_.project;
  const fs::path target = TargetFolder(project, dbt_.Arguments().Setting("target-path"));
  return UnseenScripts({dbt_.path(), target / "manifest.json", project.name,
                        !expected_.scripts.empty(), command_.checks_sources,
                        project.packages});
}

std::unique_ptr<Run> DbtStart::StartPlain() {
  return std::make_unique<PlainRun>(
      AsTyped(), context_.output(), [unseen = Unseen()] { return unseen.Problem(); },
      KeepingDigests());
}

/// Commands that run scripts keep digests themselves.
std::function<void()> DbtStart::KeepingDigests() const {
  const ProjectConfig& project = expected_.project;
  const DbtArguments arguments = dbt_.Arguments();
  return [keeper = DigestKeeper(project,
                                TargetFolder(project, arguments.Setting("target-path"))),
          arguments, project, may_bind = expected_.MayBindToNodes(),
          output = context_.output()] {
    const std::string problem =
        keeper.Keep(may_bind, [&] { return InvocationOf(arguments, "", project); });
    // The command itself has done what it was to do.
    if (!problem.empty()) output.write_error(Text("aft: warning: ", problem, "\n"));
  };
}

WorkerPool& DbtStart::Workers() {
  WorkerPool& workers = context_.workers();
  if (command_.is_flow) workers.OnlyWarnOfUnorderedRefs();
  return workers;
}

std::unique_ptr<Run> DbtStart::StartLive() {
  const fs::path socket = context_.run_folder() / "gate";
  return std::make_unique<LiveRun>(
      context_.loop(), Workers(),
      LiveRun::Setup{WithGate(socket), socket, expected_.project,
                     expected_.Environments(), Unseen(), choice_, expected_.run_level},
      context_.output());
}

Process DbtStart::WithGate(const fs::path& socket) const {
  const Installation& installation = context_.installation();
  Process process = AsTyped();
  process.environment = {Text("AFT_GATE=", socket.native())};
  const std::optional<NamedPython>& python = dbt_.named_python();
  if (!python || !python->IgnoresPath()) {
    process.environment.push_back(PythonPathWith(installation.gate_folder));
    return process;
  }
  std::vector<std::string> start = {python->path};
  start.insert(start.end(), python->flags.begin(), python->flags.end());
  start.insert(start.end(), {(installation.question_folder / "run_dbt.py").native(),
                             installation.gate_folder.native()});
  process.argv.insert(process.argv.begin(), start.begin(), start.end());
  return process;
}

PreviousRun DbtStart::RunToRepeat(const DbtInvocation& retry) const {
  const std::string& folder =
      retry.state_folder.empty() ? retry.target_folder : retry.state_folder;
  PreviousRun previous =
      ReadPreviousRun(TargetFolder(expected_.project, folder), retry.fails_on_warning);
  if (!previous.problem.empty()) throw Error(previous.problem);
  return previous;
}

std::unique_ptr<Run> DbtStart::StartStaged() {
  const ProjectConfig& project = expected_.project;
  const fs::path python = dbt_.PythonForScripts();
  StagedCommands commands = Commands();
  std::optional<PreviousRun> previous;
  if (commands.arguments().command() == "retry") {
    previous = RunToRepeat(InvocationOf(commands.arguments(), python, project));
    // Without a run to repeat, dbt says so itself.
    if (previous->command.empty()) return StartPlain();
    commands = commands.Repeating(previous->command, previous->options);
    choice_ = previous->choice;
  }
  return std::make_unique<StagedRun>(
      context_.loop(), Workers(),
      StagedRun::Setup{project, commands,
                       InvocationOf(commands.arguments(), python, project),
                       expected_.Environments(), std::move(previous),
                       context_.run_folder(), choice_, expected_.run_level},
      context_.output());
}

}  // namespace aft
