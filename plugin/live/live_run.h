// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/dbt/gate_server.h"
#include "plugin/live/dbt_follower.h"
#include "plugin/project/project_config.h"
#include "plugin/run/run.h"
#include "plugin/run/unseen_scripts.h"
#include "plugin/scripts/script_choice.h"
#include "plugin/workers/script_host.h"

namespace aft {

/// One dbt process with the gate in it, through which it is followed from inside.
class LiveRun final : public Run {
 public:
  struct Setup {
    Process dbt;                   ///< which is to load the gate
    std::filesystem::path socket;  ///< where the gate will connect
    ProjectConfig project;
    std::set<std::string> warm_up;  ///< environments whose scripts will probably run
    UnseenScripts unseen;           ///< should dbt not load the gate
    ScriptChoice choice = {};
    RunLevelBindings run_level{};  ///< scripts around it
  };

  /// `loop` and `host` outlive this object.
  LiveRun(EventLoop& loop, ScriptHost& host, Setup setup, RunOutput output);

  [[nodiscard]] Next NextStep() override;
  [[nodiscard]] const Process& command() const override { return dbt_; }
  void CommandExited(int exit_code) override;
  void HostIsReady() override { follower_.HostIsReady(); }
  void HostSays(const std::string& line) override { follower_.HostSays(line); }
  void Interrupt() override { follower_.Interrupt(); }
  [[nodiscard]] bool StopsWithoutReader() const override;
  [[nodiscard]] bool MayHaveQueries() const override { return follower_.HasMetGate(); }
  [[nodiscard]] int exit_code() const override { return exit_code_; }

 private:
  void Fail(const std::string& problem);

  Process dbt_;
  UnseenScripts unseen_;
  RunOutput output_;
  bool expects_scripts_;
  DbtFollower follower_;
  GateServer gate_;
  bool has_started_ = false;
  bool has_exited_ = false;
  int exit_code_ = 0;
};

}  // namespace aft
