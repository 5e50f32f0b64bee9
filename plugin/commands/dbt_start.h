// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugin/commands/called_dbt.h"
#include "plugin/commands/context.h"
#include "plugin/commands/look_ahead.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/run/plain_run.h"
#include "plugin/run/run.h"
#include "plugin/run/unseen_scripts.h"
#include "plugin/scripts/previous_run.h"
#include "plugin/scripts/script_choice.h"
#include "plugin/staged/staged_commands.h"

namespace aft {

/// Decides how a dbt command is run.
class DbtStart {
 public:
  /// `context` outlives this object.
  DbtStart(CommandContext& context, DbtCommand command);

  [[nodiscard]] CommandContext& context() const { return context_; }
  [[nodiscard]] const CalledDbt& dbt() const { return dbt_; }
  [[nodiscard]] const ExpectedRun& expected() const { return expected_; }
  [[nodiscard]] bool RunsScripts() const {
    return command_.runs_nodes || command_.checks_sources;
  }
  /// Whether a selection may name scripts.
  [[nodiscard]] bool SelectsScripts() const {
    return RunsScripts() || command_.lists_nodes;
  }
  [[nodiscard]] bool lists_nodes() const { return command_.lists_nodes; }
  /// Whether nodes bring their scripts along: not under fal's commands.
  [[nodiscard]] bool brings_scripts() const { return !command_.is_flow; }
  /// As typed, once dbt has been asked for its version.
  [[nodiscard]] StagedCommands Commands() const;
  /// Asks dbt what it can do. Throws Error where it can't be followed at all.
  void Ask();

  std::unique_ptr<Run> Start();
  /// The same with other words for dbt.
  std::unique_ptr<Run> Start(std::vector<std::string> words, ScriptChoice choice);

 private:
  void UseStateOfScripts();
  std::unique_ptr<Run> StartAuto();
  void AskWrapper();
  void RefuseOldDbt();
  void RefuseMissingProfiles() const;
  std::unique_ptr<Run> StartPlain();
  std::unique_ptr<Run> StartLive();
  std::unique_ptr<Run> StartStaged();
  [[nodiscard]] std::function<void()> KeepingDigests() const;
  [[nodiscard]] Process AsTyped() const;
  [[nodiscard]] Process WithGate(const std::filesystem::path& socket) const;
  [[nodiscard]] UnseenScripts Unseen() const;
  [[nodiscard]] PreviousRun RunToRepeat(const DbtInvocation& retry) const;
  [[nodiscard]] WorkerPool& Workers();

  CommandContext& context_;
  DbtCommand command_;
  CalledDbt dbt_;
  std::vector<std::string> words_;
  bool has_state_of_scripts_ = false;  ///< in `words_`, if one is needed
  ScriptChoice choice_;
  ExpectedRun expected_;
};

}  // namespace aft
