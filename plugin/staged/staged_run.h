// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
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
#include "plugin/run/node_listing.h"
#include "plugin/run/run.h"
#include "plugin/scripts/console.h"
#include "plugin/scripts/digest_keeper.h"
#include "plugin/scripts/placeholders.h"
#include "plugin/scripts/previous_run.h"
#include "plugin/scripts/results.h"
#include "plugin/scripts/run_level_scripts.h"
#include "plugin/scripts/script_choice.h"
#include "plugin/scripts/script_turns.h"
#include "plugin/staged/handed_over.h"
#include "plugin/staged/node_report.h"
#include "plugin/staged/open_stage.h"
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
class StagedRun final : public Run {
 public:
  struct Setup {
    ProjectConfig project;
    StagedCommands commands;
    DbtInvocation invocation;
    std::set<std::string> warm_up;  ///< environments whose scripts will probably run
    std::optional<PreviousRun> previous;   ///< that `dbt retry` repeats
    std::filesystem::path private_folder;  ///< for files that whoever owns it removes
    ScriptChoice choice = {};
    RunLevelBindings run_level{};  ///< scripts around it
  };

  /// `loop` and `host` outlive this object.
  StagedRun(EventLoop& loop, ScriptHost& host, Setup setup, RunOutput output);

  [[nodiscard]] Next NextStep() override;
  [[nodiscard]] const Process& command() const override { return command_; }
  void TakeLine(const std::string& line) override;
  void CommandExited(int exit_code) override;
  void HostIsReady() override;
  void HostSays(const std::string& line) override { console_.Print(Printable(line)); }
  /// Asks all scripts to stop with SIGINT, then forces them, as ScriptTurns does; no
  /// further stage starts.
  void Interrupt() override;
  /// Not when it was handed over to dbt, because it has no scripts.
  [[nodiscard]] bool StopsWithoutReader() const override {
    return phase_ != Phase::kHandedOver;
  }
  [[nodiscard]] int exit_code() const override { return exit_code_; }

 private:
  enum class Phase { kListing, kPreparing, kRunning, kHandedOver, kEnded };

  void ListingEnded(int exit_code);
  void Plan();
  void HandOver(std::vector<NodeScripts> unlisted);
  void ClearResults();
  [[nodiscard]] std::filesystem::path RunResultsPath() const {
    return target_folder_ / "run_results.json";
  }
  void Begin();
  void EndRunLevel(const std::string& problem);
  void Advance();
  void StartTurns();
  void EndTurn(const std::string& node, const std::string& problem);
  void EndCompiled(bool has_crashed);
  [[nodiscard]] std::string ProblemOfTable(const std::string& node);
  void Fail(const std::string& node, const std::string& problem);
  void TellProblem(const std::string& problem);
  void Warn(const std::string& problem) const;
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
  ScriptChoice choice_;
  std::string problem_of_foreign_;  ///< that scripts of another run are not repeated
  RunOutput output_;
  std::filesystem::path target_folder_;
  StagedConsole console_;
  Console script_console_;
  Results results_;
  HostPreparation preparation_;
  ScriptTurns turns_;
  RunLevelScripts run_level_;
  Manifest manifest_;
  Placeholders placeholders_;
  NodeReport report_;
  NodeListing listing_;

  Phase phase_ = Phase::kListing;
  Process command_;
  bool has_command_;         ///< one that has not been given out
  bool is_running_ = false;  ///< the command
  std::unique_ptr<StageSchedule> schedule_;
  OpenStage stage_;
  std::map<std::string, NodeState> states_;  ///< of nodes that dbt is done with
  std::size_t open_turns_ = 0;
  /// Of scripts; dbt's threads where it is not set.
  std::optional<int> concurrency_;
  std::optional<HandedOver> handed_over_;
  std::optional<DigestKeeper> digests_;  ///< of what is handed over
  bool is_interrupted_ = false;
  int exit_code_ = 0;
};

}  // namespace aft
