// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/bound_scripts.h"
#include "plugin/console.h"
#include "plugin/dbt_arguments.h"
#include "plugin/dbt_invocation.h"
#include "plugin/event_loop.h"
#include "plugin/host_preparation.h"
#include "plugin/manifest.h"
#include "plugin/previous_run.h"
#include "plugin/project_config.h"
#include "plugin/results.h"
#include "plugin/run_results.h"
#include "plugin/script_host.h"
#include "plugin/script_turns.h"
#include "plugin/stage_schedule.h"
#include "plugin/stage_state.h"
#include "plugin/staged_commands.h"
#include "plugin/staged_console.h"

namespace aft {

/// A dbt run that is cut into stages, each a process of any dbt, with scripts between
/// them: for a dbt that can't be followed from inside.
///
/// `dbt ls` says which nodes are selected; then stages and scripts take turns until
/// nothing is left. Results and closing lines are those of one run.
class StagedRun {
 public:
  enum class Next { kStart, kWait, kEnd };

  struct Handlers {
    std::function<void(const std::string& text)> write_output;
    std::function<void(const std::string& text)> write_error;
  };

  /// `loop` and `host` outlive this object. `warm_up` names environments whose scripts
  /// will probably run; in `private_folder` files are left for whoever removes it. Under
  /// `dbt retry`, what `previous` has left runs again.
  StagedRun(EventLoop& loop, ScriptHost& host, const ProjectConfig& project,
            const StagedCommands& commands, DbtInvocation invocation,
            const std::set<std::string>& warm_up, std::optional<PreviousRun> previous,
            const std::filesystem::path& private_folder, Handlers handlers);

  /// With kStart, command() is to be started.
  [[nodiscard]] Next NextStep();
  [[nodiscard]] const DbtProcess& command() const { return command_; }

  /// A line that the command has printed.
  void TakeLine(const std::string& line);
  void CommandExited(int exit_code);

  void HostIsReady();
  void HostSays(const std::string& line) { console_.Print(Printable(line)); }

  /// Asks all scripts to stop with SIGINT, then forces them, as ScriptTurns does; no
  /// further stage starts.
  void Interrupt();

  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  enum class Phase { kListing, kPreparing, kRunning, kHandedOver, kEnded };

  void ListingEnded(int exit_code);
  void Plan();
  void SelectLeft(const PreviousRun& previous, BoundScripts& bound);
  void HandOver();
  void Begin();
  void Advance();
  void StartTurns();
  void EndTurn(const std::string& node, const std::string& problem);
  void TakeStageLine(const std::string& raw);
  void StageEnded(int exit_code);
  void EndUntold(const std::string& node, bool has_failed, bool has_crashed);
  void EndNode(const NodeResult& result);
  void NodeFailed(const std::string& node);
  void TellAtEnd(const std::string& id, const std::string& problem);
  void AddError(const std::string& id, const std::string& problem);
  void TellSkipped();
  void Stop(const std::string& reason);
  void Finish();
  void Refuse(const std::vector<std::string>& problems);
  void WriteResults();
  [[nodiscard]] std::string Label(const std::string& id) const;
  [[nodiscard]] std::chrono::milliseconds Elapsed() const;
  [[nodiscard]] ScriptTurns::Handlers HandlersFor(const std::string& node);

  ProjectConfig project_;
  StagedCommands commands_;
  StageState state_;
  DbtInvocation invocation_;
  std::optional<PreviousRun> previous_;
  Handlers handlers_;
  std::filesystem::path target_folder_;
  StagedConsole console_;
  Console script_console_;
  Results results_;
  HostPreparation preparation_;
  ScriptTurns turns_;
  MergedRunResults run_results_;

  Phase phase_ = Phase::kListing;
  DbtProcess command_;
  bool has_command_ = true;  ///< one that has not been given out
  bool is_running_ = false;  ///< the command
  std::set<std::string> selected_;
  Manifest manifest_;
  std::unique_ptr<StageSchedule> schedule_;
  std::set<std::string> stage_;                  ///< nodes of which nothing is known yet
  std::map<std::string, std::string> statuses_;  ///< of nodes that dbt is done with
  std::map<std::string, std::string> told_;      ///< a node's status as the log told it
  std::size_t ended_nodes_ = 0;
  std::size_t open_turns_ = 0;
  int unlisted_errors_ = 0;  ///< that no entry of the results tells of
  bool is_interrupted_ = false;
  std::filesystem::file_time_type old_manifest_;  ///< when an earlier run wrote it
  std::chrono::steady_clock::time_point began_;
  int exit_code_ = 0;
};

}  // namespace aft
