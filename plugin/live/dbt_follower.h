// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/live/gate_answers.h"
#include "plugin/live/live_retry.h"
#include "plugin/live/node_turns.h"
#include "plugin/live/running_dbt.h"
#include "plugin/live/unreached_scripts.h"
#include "plugin/project/project_config.h"
#include "plugin/scripts/schedule.h"
#include "plugin/scripts/script_choice.h"
#include "plugin/workers/script_host.h"

namespace aft {

/// A dbt run that is followed from inside dbt: answers each event that the gate sends,
/// and lets dbt wait where a script is due.
///
/// The gate stops inside dbt until its verdict comes, and dbt's own threads do the
/// waiting; so the order of nodes and the number of scripts at a time are dbt's.
class DbtFollower {
 public:
  using ConnectionId = GateAnswers::ConnectionId;
  using Send = GateAnswers::Send;
  /// Writes text for people where dbt writes its own.
  using Write = std::function<void(const std::string& text)>;

  /// `send` answers a thread of dbt's, and does nothing for one that is gone; `write` is
  /// for when dbt itself is. `warm_up` names the environments whose scripts will probably
  /// run, before the manifest tells for sure. `loop` and `host` outlive this object.
  DbtFollower(EventLoop& loop, ScriptHost& host, Send send, Write write,
              ProjectConfig project, std::set<std::string> warm_up);
  void Choose(ScriptChoice choice) { choice_ = std::move(choice); }
  void RunAround(RunLevelBindings scripts) { run_level_ = std::move(scripts); }

  /// Takes a line that the gate sent; answers come by and by, and one verdict for each
  /// line. False for a line that comes before the verdict on the last one: the gate
  /// waits.
  bool Receive(ConnectionId connection, std::string_view line);

  /// As in Run.
  void HostIsReady();
  void HostSays(const std::string& line);
  void Interrupt();

  /// dbt has ended: nothing that still runs is of use. Under `dbt retry`, what is left
  /// of the scripts to be repeated runs now.
  void DbtEnded(int exit_code);
  /// Nothing runs any more: brings the results up to date.
  void Close();

  [[nodiscard]] bool IsIdle() const;
  /// Whether there is any script, as far as the manifest has been read.
  [[nodiscard]] bool BindsScripts() const;
  [[nodiscard]] bool HasMetGate() const { return has_met_gate_; }
  /// What keeps the run from being complete, a sentence each, beside what dbt has said
  /// and ended with.
  [[nodiscard]] std::vector<std::string> Problems(int exit_code) const;

 private:
  void Take(ConnectionId connection, std::string_view line);
  void Fail(ConnectionId connection, const std::string& message);
  void Greet(const DbtInvocation& invocation);
  void GreetAgain(const DbtInvocation& retry, DbtInvocation repeated);
  void MakeDbt(const DbtInvocation& invocation);
  [[nodiscard]] PreviousRun PreviousResults(const DbtInvocation& retry) const;
  void Answer(ConnectionId connection, const DbtEvent& event);
  void LoadManifest(const std::filesystem::path& path);
  void LoadUntoldManifest();
  void RequireHosts();
  bool GoOn(LiveRetry& retry);
  void Begin(ConnectionId connection, const DbtEvent& event);
  void FinishBegin();
  [[nodiscard]] bool RunsScripts() const;
  void FailFast(const DbtEvent& event);
  void EndRun(ConnectionId connection);
  void Summarize(ConnectionId connection);
  void RecordUnreached();
  [[nodiscard]] std::string ReasonForUnreached() const;
  void LetBegin(ConnectionId connection);

  EventLoop& loop_;
  ScriptHost& host_;
  GateAnswers answers_;
  Write write_;
  ProjectConfig project_;
  std::set<std::string> warm_up_;
  ScriptChoice choice_;
  RunLevelBindings run_level_;

  bool has_met_gate_ = false;
  std::optional<DbtInvocation> retrying_;  ///< `dbt retry`, as it was called itself
  // With the next one, whose scripts may still end while it goes.
  std::unique_ptr<NodeTurns> node_turns_;
  std::unique_ptr<RunningDbt> dbt_;  ///< there as soon as it is known what dbt runs
  Schedule schedule_;
  UnreachedScripts unreached_;
  std::vector<std::string> problems_;
  std::vector<std::string> late_problems_;  ///< of which dbt can no longer be told
  std::vector<std::string> notices_;
  std::set<std::string> required_;  ///< environments whose hosts are not told yet
  std::filesystem::path manifest_;  ///< for these
  bool has_manifest_ = false;
  std::optional<ConnectionId> beginning_;
  std::optional<LiveRetry> retry_;  ///< under `dbt retry`
  bool has_begun_ = false;
  std::string summary_;  ///< of the scripts, as people have read it
  bool is_interrupted_ = false;
  std::string fail_fast_reason_;  ///< empty while nothing has failed
};

}  // namespace aft
