// SPDX-License-Identifier: Apache-2.0
#include "plugin/session.h"

#include <sys/wait.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <set>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/dbt/dbt_executable.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/dbt/gate_probe.h"
#include "plugin/project/dbtignore.h"
#include "plugin/project/manifest.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

// What a shell reports for a process that a signal ended.
constexpr int kSignalBase = 128;

/// Whether what this process starts ignores Ctrl-C: a shell starts it like that in the
/// background of a script.
bool IsInterruptIgnored() {
  struct sigaction inherited{};
  return ::sigaction(SIGINT, nullptr, &inherited) == 0 && inherited.sa_handler == SIG_IGN;
}

/// What aft.debug is told, as an entry of its environment.
std::string DebugMessage(const fs::path& dbt, const ProjectConfig& project) {
  namespace json = boost::json;
  json::object told = {{"dbt", dbt.native()},
                       {"project_dir", project.folder.native()},
                       {"target_path", (project.folder / project.target_path).native()}};
  json::array environments;
  try {
    for (const auto& [name, environment] : ReadEnvironments(project.folder))
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

std::string PythonPath(const fs::path& gate_folder) {
  const char* inherited = std::getenv("PYTHONPATH");
  const bool is_set = inherited != nullptr && *inherited != '\0';
  return Text("PYTHONPATH=", gate_folder.native(), is_set ? ":" : "",
              is_set ? inherited : "");
}

}  // namespace

Session::Session(const std::vector<std::string>& arguments,
                 const Installation& installation, HostFunctions host)
    : host_(std::move(host)), user_command_(ParseDbtCommand(arguments)) {
  LookAhead();
  const fs::path dbt = FindDbt(user_command_.dbt, project_.folder);
  if (user_command_.is_debug) {
    Debug(installation, dbt);
    return;
  }
  dbt_.argv.push_back(dbt);
  dbt_.argv.insert(dbt_.argv.end(), user_command_.arguments.begin(),
                   user_command_.arguments.end());
  if (!user_command_.runs_nodes && !user_command_.checks_sources) return;
  old_manifest_ = WrittenAt(ManifestPath());
  const DbtMode mode = ModeFor(dbt);
  if (mode == DbtMode::kStaged) FollowInStages(installation, dbt);
  if (mode == DbtMode::kLive) FollowFromInside(installation);
}

/// kAuto where it is dbt's own run: one without scripts that cannot be followed from
/// inside.
DbtMode Session::ModeFor(const fs::path& dbt) const {
  if (user_command_.mode != DbtMode::kAuto) return user_command_.mode;
  const DbtAbility ability = AskDbt(dbt, GateCacheFile());
  if (ability.can_load_gate) return DbtMode::kLive;
  if (expected_scripts_.empty() && !MayBindInSql(project_)) return DbtMode::kAuto;
  host_.write_error(Text("aft: staged mode, a dbt process for each stage, for '",
                         dbt.native(),
                         "' cannot be followed from inside: ", ability.reason, "\n"));
  return DbtMode::kStaged;
}

fs::path Session::ProjectFolder() const {
  if (!user_command_.project_folder.empty())
    return FindProject(user_command_.project_folder);
  const char* variable = std::getenv("DBT_PROJECT_DIR");
  if (variable != nullptr && *variable != '\0') return FindProject(variable);
  return FindProject(fs::current_path());
}

void Session::LookAhead() {
  const fs::path folder = ProjectFolder();
  if (folder.empty()) return;
  project_ = ReadProjectConfig(folder);
  expected_scripts_ = FindBoundScripts(project_);
  if (user_command_.is_debug) return;
  PassOverScripts();
  std::erase_if(expected_scripts_, [this](const ExpectedScript& script) {
    return script.is_of_source == user_command_.runs_nodes;
  });
}

void Session::Debug(const Installation& installation, const fs::path& dbt) {
  dbt_.argv = {installation.launcher, "--python", PythonOf(dbt), "--run", "aft.debug"};
  dbt_.argv.insert(dbt_.argv.end(), user_command_.arguments.begin(),
                   user_command_.arguments.end());
  dbt_.environment = {DebugMessage(dbt, project_)};
}

void Session::PassOverScripts() {
  std::vector<std::string> paths;
  paths.reserve(expected_scripts_.size());
  for (const ExpectedScript& script : expected_scripts_) paths.push_back(script.path);
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
  run_folder_ = std::make_unique<RunFolder>();
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
                             live_run_->Receive(id, line);
                           },
                           [](LiveRun::ConnectionId) {}});
  dbt_.environment = {PythonPath(installation.gate_folder),
                      Text("AFT_GATE=", socket.native())};
}

void Session::FollowInStages(const Installation& installation, const fs::path& dbt) {
  MakeWorkers(installation);
  StagedCommands commands(dbt, user_command_.arguments);
  std::optional<PreviousRun> previous;
  if (commands.arguments().command() == "retry") {
    const DbtInvocation retry = InvocationOf(commands.arguments(), dbt, project_);
    const std::string& folder =
        retry.state_folder.empty() ? retry.target_folder : retry.state_folder;
    previous = ReadPreviousRun(TargetFolder(project_, folder), retry.fails_on_warning);
    // Without a run to repeat, dbt says so itself.
    if (previous->command.empty()) return;
    commands = commands.Repeating(previous->command, previous->options);
  }
  staged_run_ = std::make_unique<StagedRun>(
      loop_, *workers_,
      StagedRun::Setup{project_, commands,
                       InvocationOf(commands.arguments(), dbt, project_),
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
      Text("aft: the scripts of this project did not run, for '", dbt_.argv.front(),
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
    const Manifest manifest = ReadManifest(path);
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
  const DbtArguments arguments(user_command_.arguments);
  return TargetFolder(project_, arguments.Setting("target-path")) / "manifest.json";
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
      signal == SIGQUIT || IsInterruptIgnored() ||
      (has_lost_reader_ && live_run_ != nullptr && !live_run_->HasMetGate());
  if (!came_from_terminal || signal != SIGINT)
    host_.signal_child(is_as_it_came ? signal : SIGINT);
  if (live_run_ != nullptr) live_run_->Interrupt();
  if (staged_run_ != nullptr) staged_run_->Interrupt();
}

}  // namespace aft
