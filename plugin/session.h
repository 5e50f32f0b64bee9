// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/dbt/gate_probe.h"
#include "plugin/dbt/gate_server.h"
#include "plugin/live/live_run.h"
#include "plugin/project/project_config.h"
#include "plugin/project/schema_files.h"
#include "plugin/staged/staged_commands.h"
#include "plugin/staged/staged_run.h"
#include "plugin/workers/run_folder.h"
#include "plugin/workers/worker_pool.h"

namespace aft {

/// Where the parts of an installation are; absolute.
struct Installation {
  std::filesystem::path launcher;         ///< the program aft-python
  std::filesystem::path gate_folder;      ///< holds dbt_aft.py alone
  std::filesystem::path question_folder;  ///< holds the package `dbt` that answers for it
};

/// What the host does for a session.
struct HostFunctions {
  std::function<void(int signal)> signal_child;
  std::function<void(const std::string& text)> write_output;
  std::function<void(const std::string& text)> write_error;
};

/// One invocation of `aft`, from the command line to the exit code.
class Session {
 public:
  using Next = StagedRun::Next;

  /// `arguments` are those after the program's name. Throws Error when they are no
  /// command.
  Session(const std::vector<std::string>& arguments, const Installation& installation,
          HostFunctions host);

  [[nodiscard]] int event_fd() const { return loop_.fd(); }

  /// What the host is to do; with kStart, command() says what to start.
  [[nodiscard]] Next NextStep();
  [[nodiscard]] const DbtProcess& command() const {
    return staged_run_ == nullptr ? dbt_ : staged_run_->command();
  }

  /// A line that a captured command has printed.
  void TakeLine(const std::string& line);
  void CommandExited(int wait_status);
  void Dispatch() { loop_.Dispatch(); }
  void Signalled(int signal, bool came_from_terminal);
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  void LookAhead();
  void PassOverScripts(const ExpectedScripts& found,
                       const std::set<std::string>& scripts_paths);
  void Refuse(const std::vector<std::string>& problems) const;
  void TellWhatDoesNotRun(const ExpectedScripts& found) const;
  [[nodiscard]] bool BindsScripts() const;
  void Debug(const Installation& installation);
  [[nodiscard]] DbtMode ModeFor(const Installation& installation);
  [[nodiscard]] bool MayBind() const;
  [[nodiscard]] DbtAbility Ask(const Installation& installation);
  [[nodiscard]] std::filesystem::path PythonForScripts() const;
  void LetItLoadTheGate(const Installation& installation,
                        const std::filesystem::path& socket);
  void FollowFromInside(const Installation& installation);
  void FollowInStages(const Installation& installation);
  void MakeWorkers(const Installation& installation);
  [[nodiscard]] std::set<std::string> ExpectedEnvironments() const;
  void EndLive();
  void End(int exit_code);
  [[nodiscard]] std::filesystem::path ProjectFolder() const;
  [[nodiscard]] DbtArguments Arguments() const;
  [[nodiscard]] std::filesystem::path ManifestPath() const;
  [[nodiscard]] bool HasUnseenScripts() const;

  HostFunctions host_;
  DbtCommand user_command_;
  EventLoop loop_;
  ProjectConfig project_;
  std::vector<ExpectedScript> expected_scripts_;  ///< of the command
  bool may_bind_more_ = false;  ///< than these: dbt's manifest has to tell
  std::unique_ptr<RunFolder> run_folder_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<LiveRun> live_run_;
  std::unique_ptr<GateServer> gate_;
  std::unique_ptr<StagedRun> staged_run_;
  std::filesystem::path dbt_path_;
  DbtAbility ability_;  ///< as far as dbt had to be asked
  DbtProcess dbt_;
  std::filesystem::file_time_type old_manifest_;  ///< when an earlier run wrote it
  bool has_started_ = false;
  bool has_exited_ = false;
  bool is_stopped_ = false;
  bool has_lost_reader_ = false;
  int exit_code_ = 0;
};

}  // namespace aft
