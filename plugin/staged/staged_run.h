// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/manifest.h"
#include "plugin/project/project_config.h"
#include "plugin/scripts/console.h"
#include "plugin/scripts/placeholders.h"
#include "plugin/scripts/previous_run.h"
#include "plugin/scripts/results.h"
#include "plugin/scripts/script_turns.h"
#include "plugin/staged/node_listing.h"
#include "plugin/staged/node_report.h"
#include "plugin/staged/stage_schedule.h"
#include "plugin/staged/stage_state.h"
#include "plugin/staged/staged_commands.h"
#include "plugin/staged/staged_console.h"
#include "plugin/workers/host_preparation.h"
#include "plugin/workers/script_host.h"

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

  struct Setup {
    ProjectConfig project;
    StagedCommands commands;
    DbtInvocation invocation;
    std::set<std::string> warm_up;  ///< environments whose scripts will probably run
    std::optional<PreviousRun> previous;   ///< that `dbt retry` repeats
    std::filesystem::path private_folder;  ///< for files that whoever owns it removes
  };

  /// `loop` and `host` outlive this object.
  StagedRun(EventLoop& loop, ScriptHost& host, Setup setup, Handlers handlers);

  /// With kStart, command() is to be started.
  [[nodiscard]] Next NextStep();
  [[nodiscard]] const DbtProcess& command() const { return command_; }

  /// A line that the command has printed.
  void TakeLine(const std::string& line);
  void CommandExited(int exit_code);

  /// Whether it is dbt's own run, because it has no scripts.
  [[nodiscard]] bool IsHandedOver() const { return phase_ == Phase::kHandedOver; }

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
  void HandOver();
  void ClearResults();
  [[nodiscard]] std::filesystem::path RunResultsPath() const;
  void Begin();
  void Advance();
  void StartTurns();
  void EndTurn(const std::string& node, const std::string& problem);
  void EndCompiled(bool has_crashed);
  [[nodiscard]] std::string ProblemOfTable(const std::string& node);
  void Fail(const std::string& node, const std::string& problem);
  void TellProblem(const std::string& problem);
  void TakeStageLine(const std::string& raw);
  void StageEnded(int exit_code);
  void EndTold(bool has_crashed);
  void EndUntold(const std::string& node, bool has_failed, bool has_crashed);
  void EndNode(const NodeResult& result);
  void NodeFailed(const std::string& node);
  void TellSkipped();
  void Stop(const std::string& reason);
  void EndBeforeStages(int exit_code);
  void Finish();
  void Refuse(const std::vector<std::string>& problems, int exit_code = 0);
  void WriteResults();
  [[nodiscard]] ScriptTurns::Handlers HandlersFor(const std::string& node);

  ProjectConfig project_;
  StagedCommands commands_;
  StageState state_;
  DbtInvocation invocation_;
  std::optional<PreviousRun> previous_;
  std::string problem_of_foreign_;  ///< that scripts of another run are not repeated
  Handlers handlers_;
  std::filesystem::path target_folder_;
  StagedConsole console_;
  Console script_console_;
  Results results_;
  HostPreparation preparation_;
  ScriptTurns turns_;
  Manifest manifest_;
  Placeholders placeholders_;
  NodeReport report_;
  NodeListing listing_;

  Phase phase_ = Phase::kListing;
  DbtProcess command_;
  bool has_command_ = true;  ///< one that has not been given out
  bool is_running_ = false;  ///< the command
  std::unique_ptr<StageSchedule> schedule_;
  std::set<std::string> stage_;                  ///< nodes of which nothing is known yet
  std::vector<std::string> compiled_;            ///< nodes that the stage only compiles
  std::string stage_id_;                         ///< its invocation_id, as its log says
  std::map<std::string, std::string> statuses_;  ///< of nodes that dbt is done with
  std::map<std::string, std::string> told_;      ///< a node's status as the log told it
  std::size_t open_turns_ = 0;
  bool binds_scripts_ = false;                   ///< to any node
  std::filesystem::file_time_type old_results_;  ///< when dbt's were written before
  bool is_interrupted_ = false;
  int exit_code_ = 0;
};

}  // namespace aft
