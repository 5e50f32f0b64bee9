// SPDX-License-Identifier: Apache-2.0
#include "plugin/session.h"

#include <sys/wait.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <optional>
#include <set>
#include <utility>

#include "host_shim/error.h"
#include "host_shim/ignored_signal.h"
#include "plugin/base/atomic_file.h"
#include "plugin/dbt/dbt_arguments.h"
#include "plugin/dbt/dbt_executable.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/dbtignore.h"
#include "plugin/project/expected_files.h"
#include "plugin/project/manifest.h"
#include "plugin/workers/host_preparation.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

// What a shell reports for a process that a signal ended.
constexpr int kSignalBase = 128;

/// What aft.debug is told, as an entry of its environment.
std::string DebugMessage(const fs::path& dbt, const DbtAbility& ability,
                         const HostSetup& setup) {
  namespace json = boost::json;
  json::object told = {{"dbt", dbt.native()},
                       {"in_stages_for", ability.reason},
                       {"setup", DescribedSetup(setup)}};
  json::array environments;
  try {
    for (const auto& [name, environment] : ReadEnvironments(setup.project_folder))
      if (!environment.type.empty())
        environments.push_back({{"name", name},
                                {"type", environment.type},
                                {"packages", json::value_from(environment.packages)}});
  } catch (const Error& error) {
    told["problem"] = error.what();
  }
  told["environments"] = environments;
  return "AFT_DEBUG=" + json::serialize(told);
}

}  // namespace

Session::Session(const std::vector<std::string>& arguments,
                 const Installation& installation, HostFunctions host)
    : host_(std::move(host)), user_command_(ParseDbtCommand(arguments)) {
  dbt_path_ = FindDbt(user_command_.dbt, ProjectFolder());
  // Its version decides which variables of the environment count. To ask a wrapper takes
  // its start, which is not worth it without scripts.
  const bool asks_dbt = user_command_.runs_nodes || user_command_.checks_sources;
  if (user_command_.is_debug || (asks_dbt && PythonNamedBy(dbt_path_)))
    ability_ = Ask(installation);
  LookAhead();
  if (user_command_.is_debug) {
    Debug(installation);
    return;
  }
  dbt_.argv.push_back(dbt_path_);
  dbt_.argv.insert(dbt_.argv.end(), user_command_.arguments.begin(),
                   user_command_.arguments.end());
  if (!user_command_.runs_nodes && !user_command_.checks_sources) return;
  old_manifest_ = WrittenAt(ManifestPath());
  const DbtMode mode = ModeFor(installation);
  if (mode == DbtMode::kStaged) FollowInStages(installation);
  if (mode == DbtMode::kLive) FollowFromInside(installation);
}

/// kAuto where it is dbt's own run: one without scripts that cannot be followed from
/// inside.
DbtMode Session::ModeFor(const Installation& installation) {
  const DbtMode mode = user_command_.mode;
  if (mode == DbtMode::kLive) return mode;
  if (!PythonNamedBy(dbt_path_)) {
    if (mode == DbtMode::kAuto && !MayBind()) return mode;
    ability_ = Ask(installation);
    if (ProjectFolder() != project_.folder)
      throw Error(Text("cannot tell in time which project '", dbt_path_.native(),
                       "' works on, because it starts dbt-core ", ability_.version,
                       "; name the project with '--project-dir'"));
  }
  if (mode == DbtMode::kStaged) return mode;
  if (ability_.can_load_gate) return DbtMode::kLive;
  if (!MayBind()) return DbtMode::kAuto;
  host_.write_error(Text("aft: staged mode (a dbt process for each stage) because '",
                         dbt_path_.native(),
                         "' cannot be followed from inside: ", ability_.reason, "\n"));
  return DbtMode::kStaged;
}

bool Session::MayBind() const {
  return !expected_scripts_.empty() || may_bind_more_ || MayBindInSql(project_);
}

DbtAbility Session::Ask(const Installation& installation) {
  if (run_folder_ == nullptr) run_folder_ = std::make_unique<RunFolder>();
  return AskDbt(dbt_path_,
                {installation.question_folder, GateCacheFile(), run_folder_->path()});
}

fs::path Session::PythonForScripts() const {
  if (const std::optional<NamedPython> python = PythonNamedBy(dbt_path_))
    return python->path;
  return ability_.python.empty() ? PythonBeside(dbt_path_) : ability_.python;
}

fs::path Session::ProjectFolder() const {
  const std::string folder = Arguments().Setting("project-dir");
  return FindProject(folder.empty() ? fs::current_path() : fs::path(folder));
}

DbtArguments Session::Arguments() const {
  return DbtArguments(user_command_.arguments, DbtVariables(ability_.version));
}

void Session::LookAhead() {
  const fs::path folder = ProjectFolder();
  if (folder.empty()) return;
  project_ = ReadProjectConfig(folder);
  const DbtArguments arguments = Arguments();
  const std::string scripts_path =
      CommandLineVariable(arguments.Value("--vars"), "fal-scripts-path");
  // What the next run may bind without --vars, dbt must pass over in this one, too.
  const std::set<std::string> scripts_paths = {scripts_path, project_.scripts_path};
  if (!scripts_path.empty()) project_.scripts_path = scripts_path;
  ExpectedScripts found = FindBoundScripts(project_);
  if (user_command_.is_debug) return;
  PassOverScripts(found, scripts_paths);
  if (user_command_.runs_nodes || user_command_.checks_sources) TellWhatDoesNotRun(found);
  expected_scripts_ = std::move(found.of_nodes);
  may_bind_more_ = found.may_be_more;
  std::erase_if(expected_scripts_, [this](const ExpectedScript& script) {
    return script.is_of_source == user_command_.runs_nodes;
  });
  if (!user_command_.runs_nodes && !user_command_.checks_sources) return;
  // A retry has its variables, and with them the folder of the scripts, of an earlier
  // run.
  if (arguments.command() == "retry") return;
  const std::vector<std::string> problems = FileProblems(expected_scripts_, project_);
  Refuse(problems);
}

/// Does nothing without problems. The last one is thrown: all together may be too long.
void Session::Refuse(const std::vector<std::string>& problems) const {
  if (problems.empty()) return;
  for (std::size_t i = 0; i + 1 < problems.size(); ++i)
    host_.write_error(Text("aft: ", problems[i], "\n"));
  throw Error(problems.back());
}

/// Throws Error for scripts that do not run where they seem to be expected to.
void Session::TellWhatDoesNotRun(const ExpectedScripts& found) const {
  const std::string command = Arguments().command();
  const bool runs_models = command != "seed" && command != "snapshot";
  std::vector<std::string> problems = found.problems;
  for (const ExpectedScript& script : found.of_runs) {
    const std::string what = Text(script.place, ": script '", script.path,
                                  "' does not run: this version of aft runs no scripts ",
                                  "of a whole run, but those of nodes");
    // 'fal flow run' ran none of them, either.
    if (!user_command_.runs_nodes || !runs_models || user_command_.is_flow)
      host_.write_error(Text("aft: warning: ", what, "\n"));
    else
      problems.push_back(
          Text(what, "; bind it under the 'meta' of a node, or take it out"));
  }
  Refuse(problems);
}

void Session::Debug(const Installation& installation) {
  if (ability_.python.empty())
    throw Error(Text("cannot tell which Python runs '", dbt_path_.native(),
                     "': ", ability_.reason, "; name another dbt with '--aft-dbt PATH'"));
  dbt_.argv = {installation.launcher, "--python", ability_.python, "--run", "aft.debug"};
  dbt_.argv.insert(dbt_.argv.end(), user_command_.arguments.begin(),
                   user_command_.arguments.end());
  const DbtInvocation invocation = InvocationOf(Arguments(), ability_.python, project_);
  HostSetup setup =
      SetupFor(project_, invocation, TargetFolder(project_, invocation.target_folder));
  setup.run_folder = run_folder_->path();
  dbt_.environment = {DebugMessage(dbt_path_, ability_, setup)};
}

void Session::PassOverScripts(const ExpectedScripts& found,
                              const std::set<std::string>& scripts_paths) {
  std::vector<std::string> scripts = found.of_ignored;
  for (const auto* of_kind : {&found.of_nodes, &found.of_runs})
    for (const ExpectedScript& script : *of_kind) scripts.push_back(script.path);
  std::vector<std::string> paths;
  for (const std::string& script : scripts)
    for (const std::string& folder : scripts_paths)
      paths.push_back(fs::path(folder) / script);
  const std::vector<std::string> added = UpdateDbtignore(project_, paths);
  if (added.empty()) return;
  std::string text =
      "aft: added to .dbtignore, so that dbt does not take them for models:";
  for (const std::string& file : added) text += " " + file;
  host_.write_error(text + "\n");
}

std::set<std::string> Session::ExpectedEnvironments() const {
  std::set<std::string> environments;
  for (const ExpectedScript& script : expected_scripts_)
    environments.insert(script.environment);
  return environments;
}

void Session::MakeWorkers(const Installation& installation) {
  if (run_folder_ == nullptr) run_folder_ = std::make_unique<RunFolder>();
  workers_ =
      std::make_unique<WorkerPool>(loop_, installation.launcher, run_folder_->path(),
                                   WorkerPool::Handlers{[this] {
                                                          if (live_run_ != nullptr)
                                                            live_run_->HostIsReady();
                                                          if (staged_run_ != nullptr)
                                                            staged_run_->HostIsReady();
                                                        },
                                                        [this](const std::string& line) {
                                                          if (live_run_ != nullptr)
                                                            live_run_->HostSays(line);
                                                          if (staged_run_ != nullptr)
                                                            staged_run_->HostSays(line);
                                                        }});
  if (user_command_.is_flow) workers_->OnlyWarnOfUnorderedRefs();
}

void Session::FollowFromInside(const Installation& installation) {
  MakeWorkers(installation);
  const fs::path socket = run_folder_->path() / "gate";
  live_run_ = std::make_unique<LiveRun>(
      loop_, *workers_,
      [this](LiveRun::ConnectionId id, std::string_view line) { gate_->Send(id, line); },
      host_.write_output, project_, ExpectedEnvironments());
  gate_ = std::make_unique<GateServer>(
      loop_, socket,
      GateServer::Handlers{[this](LiveRun::ConnectionId id, std::string_view line) {
                             return live_run_->Receive(id, line);
                           },
                           [](LiveRun::ConnectionId) {}});
  LetItLoadTheGate(installation, socket);
}

void Session::LetItLoadTheGate(const Installation& installation, const fs::path& socket) {
  dbt_.environment = {Text("AFT_GATE=", socket.native())};
  const std::optional<NamedPython> python = PythonNamedBy(dbt_path_);
  if (!python || !python->IgnoresPath()) {
    dbt_.environment.push_back(PythonPathWith(installation.gate_folder));
    return;
  }
  std::vector<std::string> start = {python->path};
  start.insert(start.end(), python->flags.begin(), python->flags.end());
  start.insert(start.end(), {(installation.question_folder / "run_dbt.py").native(),
                             installation.gate_folder.native()});
  dbt_.argv.insert(dbt_.argv.begin(), start.begin(), start.end());
}

void Session::FollowInStages(const Installation& installation) {
  MakeWorkers(installation);
  const fs::path python = PythonForScripts();
  StagedCommands commands(dbt_path_, user_command_.arguments,
                          DbtVariables(ability_.version));
  std::optional<PreviousRun> previous;
  if (commands.arguments().command() == "retry") {
    const DbtInvocation retry = InvocationOf(commands.arguments(), python, project_);
    const std::string& folder =
        retry.state_folder.empty() ? retry.target_folder : retry.state_folder;
    previous = ReadPreviousRun(TargetFolder(project_, folder), retry.fails_on_warning);
    if (!previous->problem.empty()) throw Error(previous->problem);
    // Without a run to repeat, dbt says so itself.
    if (previous->command.empty()) return;
    commands = commands.Repeating(previous->command, previous->options);
  }
  staged_run_ = std::make_unique<StagedRun>(
      loop_, *workers_,
      StagedRun::Setup{project_, commands,
                       InvocationOf(commands.arguments(), python, project_),
                       ExpectedEnvironments(), std::move(previous), run_folder_->path()},
      StagedRun::Handlers{host_.write_output, host_.write_error});
}

Session::Next Session::NextStep() {
  if (staged_run_ != nullptr) {
    const Next next = staged_run_->NextStep();
    if (next == Next::kEnd) End(staged_run_->exit_code());
    return next;
  }
  if (!std::exchange(has_started_, true)) return Next::kStart;
  if (!has_exited_ || (live_run_ != nullptr && !live_run_->IsIdle())) return Next::kWait;
  if (live_run_ != nullptr) EndLive();
  End(exit_code_);
  return Next::kEnd;
}

void Session::End(int exit_code) {
  exit_code_ = has_lost_reader_ && exit_code != 0 ? kSignalBase + SIGPIPE : exit_code;
}

void Session::EndLive() {
  live_run_->Close();
  for (const std::string& problem : live_run_->Problems(exit_code_)) {
    host_.write_error(Text("aft: ", problem, "\n"));
    if (exit_code_ == 0) exit_code_ = 1;
  }
}

void Session::TakeLine(const std::string& line) {
  if (staged_run_ != nullptr) staged_run_->TakeLine(line);
}

void Session::CommandExited(int wait_status) {
  has_exited_ = true;
  exit_code_ = WIFSIGNALED(wait_status) ? kSignalBase + WTERMSIG(wait_status)
                                        : WEXITSTATUS(wait_status);
  if (staged_run_ != nullptr) return staged_run_->CommandExited(exit_code_);
  if (live_run_ != nullptr) live_run_->DbtEnded(exit_code_);
  const bool has_met_gate = live_run_ != nullptr && live_run_->HasMetGate();
  if (exit_code_ != 0 || has_met_gate || !HasUnseenScripts()) return;
  host_.write_error(
      Text("aft: the scripts of this project did not run because '", dbt_path_.native(),
           "' has not loaded aft's plugin; dbt-core 1.8 and later can, unless their ",
           "Python is told to ignore PYTHONPATH; others need '--aft-mode staged'\n"));
  exit_code_ = 1;
}

bool Session::HasUnseenScripts() const {
  if (!user_command_.runs_nodes && !user_command_.checks_sources) return false;
  if (!expected_scripts_.empty()) return true;
  const fs::path path = ManifestPath();
  if (WrittenAt(path) == old_manifest_) return false;
  try {
    const Manifest manifest = ReadManifest(path, project_.name);
    return std::any_of(manifest.nodes.begin(), manifest.nodes.end(),
                       [&](const BoundNode& node) {
                         return node.package == manifest.project &&
                                node.is_source == user_command_.checks_sources;
                       });
  } catch (const Error&) {
    // What is no manifest is of another program than dbt.
    return false;
  }
}

fs::path Session::ManifestPath() const {
  return TargetFolder(project_, Arguments().Setting("target-path")) / "manifest.json";
}

bool Session::BindsScripts() const {
  if (staged_run_ != nullptr) return !staged_run_->IsHandedOver();
  return live_run_ != nullptr &&
         (!expected_scripts_.empty() || live_run_->BindsScripts());
}

void Session::Signalled(int signal, bool came_from_terminal) {
  if (signal == SIGPIPE) {
    // Without scripts aft does as dbt, which goes on. And what has stopped the run may
    // have ended its reader as well: that is no second signal.
    if (is_stopped_ || !BindsScripts()) return;
    has_lost_reader_ = true;
    signal = SIGTERM;  // for Python ignores SIGPIPE
  }
  is_stopped_ = true;
  // dbt 1.x dies of SIGTERM and SIGHUP with its queries still running; on SIGINT, unless
  // it is made to ignore that, it cancels them.
  // Before it has met the gate it has no queries, and SIGTERM ends it without a word.
  const bool is_as_it_came =
      signal == SIGQUIT || IsIgnored(SIGINT) ||
      (has_lost_reader_ && live_run_ != nullptr && !live_run_->HasMetGate());
  if (!came_from_terminal || signal != SIGINT)
    host_.signal_child(is_as_it_came ? signal : SIGINT);
  if (live_run_ != nullptr) live_run_->Interrupt();
  if (staged_run_ != nullptr) staged_run_->Interrupt();
}

}  // namespace aft
