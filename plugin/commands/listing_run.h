// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugin/commands/dbt_start.h"
#include "plugin/project/joint_graph.h"
#include "plugin/run/node_listing.h"
#include "plugin/run/run.h"
#include "plugin/scripts/bound_scripts.h"
#include "plugin/scripts/digest_keeper.h"
#include "plugin/selection/script_selection.h"
#include "plugin/selection/unknown_names.h"
#include "plugin/staged/staged_commands.h"
#include "plugin/staged/staged_console.h"

namespace aft {

/// A run that has dbt list nodes before it is known what it does, and then goes on as
/// another run. Derived classes say what is listed and what follows from it.
class ListingRun : public Run {
 public:
  [[nodiscard]] Next NextStep() override;
  [[nodiscard]] const Process& command() const override {
    return run_ ? run_->command() : command_;
  }
  void TakeLine(const std::string& line) override;
  void CommandExited(int exit_code) override;
  void HostIsReady() override {
    if (run_) run_->HostIsReady();
  }
  void HostSays(const std::string& line) override {
    if (run_) run_->HostSays(line);
  }
  void Interrupt() override;
  [[nodiscard]] bool StopsWithoutReader() const override {
    return run_ == nullptr || run_->StopsWithoutReader();
  }
  [[nodiscard]] bool MayHaveQueries() const override {
    return run_ != nullptr && run_->MayHaveQueries();
  }
  [[nodiscard]] int exit_code() const override {
    return run_ ? run_->exit_code() : exit_code_;
  }

 protected:
  explicit ListingRun(std::unique_ptr<DbtStart> start);

  /// The first listing is there, and with it a new manifest. Throws Error.
  virtual void Listed() = 0;
  /// Everything that was asked has been answered. Throws Error.
  virtual void Answered() = 0;

  [[nodiscard]] DbtStart& start() { return *start_; }
  [[nodiscard]] const ProjectConfig& project() const {
    return start_->expected().project;
  }
  [[nodiscard]] const StagedCommands& commands() const { return commands_; }
  [[nodiscard]] const DbtInvocation& invocation() const { return invocation_; }
  [[nodiscard]] const NodeListing& listing() const { return *listing_; }
  [[nodiscard]] const ScriptSelection::Answers& answers() const { return answers_; }

  /// Has dbt list the nodes that `listing` gives out.
  void List(Process listing);
  /// Has dbt list what each of these selects, then calls Answered().
  void Ask(std::vector<std::string> questions);
  /// The scripts that the new manifest binds. Adds dbt's graph to `graph`.
  [[nodiscard]] BoundScripts ReadNewManifest(Graph& graph) const;
  void GoOnAs(std::unique_ptr<Run> run) { run_ = std::move(run); }
  /// What dbt has said last, such as that a name matches nothing.
  void TellLastListing() { console_->PrintListing(); }
  void Warn(const std::string& text) { console_->Print(text, "warn"); }
  void End(int exit_code);

 private:
  void TakeListing();

  std::unique_ptr<DbtStart> start_;
  StagedCommands commands_;
  DbtInvocation invocation_;
  Process command_;
  bool has_command_ = false;  ///< one that has not been given out
  bool has_ended_ = false;
  bool is_interrupted_ = false;
  int exit_code_ = 0;
  DigestKeeper keeper_;  ///< where it ends without going on
  std::unique_ptr<NodeListing> listing_;
  std::unique_ptr<StagedConsole> console_;
  std::vector<std::string> questions_;  ///< that are open; the last is being asked
  ScriptSelection::Answers answers_;
  std::unique_ptr<Run> run_;  ///< what it goes on as
};

/// What a selection can name of `bound`: all but hooks.
std::vector<GraphScript> GraphScriptsOf(const BoundScripts& bound,
                                        const ProjectConfig& project);

/// Paths from the project's folder.
KnownPaths PathsOf(const BoundScripts& bound, const ProjectConfig& project);
KnownPaths PathsOf(const ExpectedRun& expected);

/// Warns of names in the selection that nothing has. Throws Error where nothing else is
/// selected.
void CheckNames(const DbtStart& start, const KnownPaths& known);

/// Whether `core`, without operators, may name a script, as far as the project's files
/// tell.
bool MayNameScript(const std::string& core, const ExpectedRun& expected);

/// Whether `--select` or `--exclude` may name a script, as far as the project's files
/// tell. Throws Error where dbt would ignore these options.
bool MayNameScripts(const DbtArguments& arguments, const ExpectedRun& expected);

}  // namespace aft
