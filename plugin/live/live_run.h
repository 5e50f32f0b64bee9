// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/dbt/gate_server.h"
#include "plugin/live/live_retry.h"
#include "plugin/live/running_dbt.h"
#include "plugin/project/project_config.h"
#include "plugin/scripts/schedule.h"
#include "plugin/scripts/script_turns.h"
#include "plugin/workers/script_host.h"

namespace aft {

/// A dbt run that is followed from inside dbt: answers each event that the gate sends,
/// and lets dbt wait where a script is due.
///
/// The gate stops inside dbt until its verdict comes, and dbt's own threads do the
/// waiting; so the order of nodes and the number of scripts at a time are dbt's.
class LiveRun {
 public:
  /// One of dbt's threads.
  using ConnectionId = GateServer::ConnectionId;
  using Send = std::function<void(ConnectionId, std::string_view line)>;
  /// Writes text for people where dbt writes its own.
  using Write = std::function<void(const std::string& text)>;

  /// `send` answers a thread of dbt's, and does nothing for one that is gone; `write` is
  /// for when dbt itself is. `warm_up` names the environments whose scripts will probably
  /// run, before the manifest tells for sure. `loop` and `host` outlive this object.
  LiveRun(EventLoop& loop, ScriptHost& host, Send send, Write write,
          ProjectConfig project, std::set<std::string> warm_up);

  /// Takes a line that the gate sent; answers come by and by.
  void Receive(ConnectionId connection, std::string_view line);

  /// The host is ready for one environment more, or never will be.
  void HostIsReady();

  /// The host is busy with an environment, and says so to people.
  void HostSays(const std::string& line);

  /// Asks all scripts to stop with SIGINT, then forces them after a grace period, or at
  /// once when called again.
  void Interrupt();

  /// dbt has ended: nothing that still runs is of use. Under `dbt retry`, what is left
  /// of the scripts to be repeated runs now.
  void DbtEnded(int exit_code);

  /// Nothing runs any more: brings the results up to date.
  void Close();

  [[nodiscard]] bool IsIdle() const;
  /// Whether there is any script, as far as the manifest has been read.
  [[nodiscard]] bool BindsScripts() const;
  [[nodiscard]] bool HasMetGate() const { return dbt_ != nullptr; }
  /// What keeps the run from being complete, a sentence each, beside what dbt has said
  /// and ended with.
  [[nodiscard]] std::vector<std::string> Problems(int exit_code) const;

 private:
  void Greet(const DbtInvocation& invocation);
  void BeginRetry(const DbtInvocation& invocation);
  void Answer(ConnectionId connection, const DbtEvent& event);
  void LoadManifest(const std::filesystem::path& path);
  void LoadUntoldManifest();
  void Begin(ConnectionId connection);
  void FinishBegin();
  void StartTurn(ConnectionId connection, const DbtEvent& event);
  void RunDue(ConnectionId connection, const DbtEvent& event);
  [[nodiscard]] bool RunsScripts() const;
  void SkipLeftOf(ConnectionId connection, const DbtEvent& event);
  void FailFast(const DbtEvent& event);
  void Summarize(ConnectionId connection);
  [[nodiscard]] std::vector<std::string> MissedNodes() const;
  [[nodiscard]] std::filesystem::path RunResultsPath() const;
  [[nodiscard]] ScriptTurns::Handlers HandlersFor(ConnectionId connection);

  void Print(ConnectionId connection, const std::string& text,
             const char* level = "info");
  void Decide(ConnectionId connection, const boost::json::object& verdict);
  void LetGreet(ConnectionId connection);
  void LetBegin(ConnectionId connection);
  void LetPass(ConnectionId connection);
  void Refuse(ConnectionId connection, const std::string& message);

  EventLoop& loop_;
  ScriptHost& host_;
  Send send_;
  Write write_;
  ProjectConfig project_;
  std::set<std::string> warm_up_;

  std::unique_ptr<RunningDbt> dbt_;  ///< there as soon as the gate has said hello
  Schedule schedule_;
  std::vector<std::string> problems_;
  std::vector<std::string> notices_;
  bool has_manifest_ = false;
  std::set<ConnectionId> unanswered_;  ///< those that wait for a verdict
  std::optional<ConnectionId> beginning_;
  std::optional<LiveRetry> retry_;  ///< under `dbt retry`
  bool has_begun_ = false;
  std::string fail_fast_reason_;  ///< empty while nothing has failed
};

}  // namespace aft
