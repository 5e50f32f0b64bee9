// SPDX-License-Identifier: Apache-2.0
#include "plugin/session.h"

#include <sys/wait.h>

#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <set>
#include <utility>

#include "host_shim/error.h"
#include "plugin/dbt_executable.h"
#include "plugin/dbt_invocation.h"
#include "plugin/dbtignore.h"
#include "plugin/gate_probe.h"

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
  if (IsStaged(dbt))
    FollowInStages(installation, dbt);
  else
    FollowFromInside(installation);
}

bool Session::IsStaged(const fs::path& dbt) const {
  // Without scripts it is dbt's own run in any case.
  if (expected_scripts_.empty() || user_command_.mode == DbtMode::kLive) return false;
  if (user_command_.mode == DbtMode::kStaged) return true;
  const DbtAbility ability = AskDbt(dbt, GateCacheFile());
  if (!ability.can_load_gate)
    host_.write_error(Text("aft: staged mode, a dbt process for each stage, for '",
                           dbt.native(),
                           "' cannot be followed from inside: ", ability.reason, "\n"));
  return !ability.can_load_gate;
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
    previous = ReadPreviousRun(
        TargetFolder(project_, commands.arguments().Setting("target-path")));
    // Without a run to repeat, dbt says so itself.
    if (previous->command.empty()) return;
    commands = commands.Repeating(previous->command, previous->options);
  }
  staged_run_ = std::make_unique<StagedRun>(
      loop_, *workers_, project_, commands,
      InvocationOf(commands.arguments(), dbt, project_), ExpectedEnvironments(),
      std::move(previous), run_folder_->path(),
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
  if (!live_run_->left_problem().empty()) {
    host_.write_error(Text("aft: ", live_run_->left_problem(), "\n"));
    exit_code_ = 1;
  }
  if (exit_code_ == 0 && live_run_->failed_scripts() > 0) {
    // dbt leaves a failed ephemeral model that nothing selects out of its results.
    host_.write_error(Text("aft: scripts that failed: ", live_run_->failed_scripts(),
                           "; the run is not complete\n"));
    exit_code_ = 1;
  }
  if (exit_code_ == 0) {
    for (const std::string& node : live_run_->MissedNodes()) {
      host_.write_error(Text("aft: the scripts of '", node,
                             "' did not run, for dbt built it without a word to aft\n"));
      exit_code_ = 1;
    }
  }
  if (!live_run_->results_problem().empty()) {
    host_.write_error(Text("aft: the results of the scripts could not be kept: ",
                           live_run_->results_problem(), "\n"));
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
  if (live_run_ == nullptr) return;
  live_run_->DbtEnded(exit_code_);
  if (exit_code_ != 0 || live_run_->HasMetGate() || expected_scripts_.empty()) return;
  host_.write_error(
      Text("aft: the scripts of this project did not run, for '", dbt_.argv.front(),
           "' has not loaded aft's plugin; dbt-core 1.8 and later can, unless their ",
           "Python is told to ignore PYTHONPATH\n"));
  exit_code_ = 1;
}

bool Session::BindsScripts() const {
  if (staged_run_ != nullptr) return true;
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
