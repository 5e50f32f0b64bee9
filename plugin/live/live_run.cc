// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/live_run.h"

#include <boost/json.hpp>
#include <set>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/joined_lines.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/dbt/dbt_console.h"
#include "plugin/dbt/node_status.h"
#include "plugin/dbt/run_results.h"
#include "plugin/project/manifest.h"
#include "plugin/scripts/bound_scripts.h"

namespace aft {

namespace fs = std::filesystem;
namespace json = boost::json;

LiveRun::LiveRun(EventLoop& loop, ScriptHost& host, Send send, Write write,
                 ProjectConfig project, std::set<std::string> warm_up)
    : loop_(loop),
      host_(host),
      send_(std::move(send)),
      write_(std::move(write)),
      project_(std::move(project)),
      warm_up_(std::move(warm_up)) {}

void LiveRun::Receive(ConnectionId connection, std::string_view line) {
  try {
    if (!unanswered_.insert(connection).second)
      throw Error("a message has come before the answer to the last one");
    if (const std::optional<GateHello> hello = ParseGateHello(line)) {
      if (dbt_ == nullptr && hello->has_flags) Greet(hello->invocation);
      LetGreet(connection);
    } else {
      Answer(connection, ParseDbtEvent(line));
    }
  } catch (const std::exception& error) {
    // dbt prints it where it belongs, and fails the node or the run.
    Refuse(connection, error.what());
  }
}

void LiveRun::Greet(const DbtInvocation& invocation) {
  if (!invocation.project_folder.empty())
    project_ = ReadProjectConfig(fs::canonical(invocation.project_folder));
  const fs::path target = TargetFolder(project_, invocation.target_folder);
  dbt_ = std::make_unique<RunningDbt>(loop_, host_, project_, invocation, target);
  if (invocation.command == "retry") BeginRetry(invocation);
  if (RunsScripts()) dbt_->preparation.WarmUp(warm_up_);
}

void LiveRun::BeginRetry(const DbtInvocation& invocation) {
  const std::string& state = invocation.state_folder;
  retry_.emplace(
      ReadPreviousRun(state.empty() ? dbt_->target_folder : TargetFolder(project_, state),
                      invocation.fails_on_warning),
      LiveRetry::Parts{dbt_->target_folder, dbt_->preparation, dbt_->results,
                       dbt_->turns},
      [console = DbtConsole(DbtConsole::OptionsOf(invocation), write_)](
          const std::string& line, const char* level) { console.Print(line, level); });
}

void LiveRun::LetGreet(ConnectionId connection) {
  if (warm_up_.empty()) return LetPass(connection);
  Decide(connection, {{"verdict", "go"}, {"scripts", true}});
}

bool LiveRun::RunsScripts() const {
  const std::string& command = retry_ ? retry_->command() : dbt_->invocation.command;
  return RunsNodes(command) || ChecksSources(command);
}

void LiveRun::Answer(ConnectionId connection, const DbtEvent& event) {
  using Kind = DbtEvent::Kind;
  if (dbt_ == nullptr || !RunsScripts()) return LetPass(connection);
  switch (event.kind) {
    case Kind::kManifestWritten:
      // dbt goes on while the manifest is read; it writes another one at its end.
      LetPass(connection);
      if (!has_manifest_) LoadManifest(event.path);
      return;
    case Kind::kRunBegins:
      return Begin(connection);
    case Kind::kNodeCompiling:
      return StartTurn(connection, event);
    case Kind::kNodeResult:
      SkipLeftOf(connection, event);
      return StartTurn(connection, event);
    case Kind::kNodeFinished:
      SkipLeftOf(connection, event);
      FailFast(event);
      return LetPass(connection);
    case Kind::kRunSummary:
      Summarize(connection);
      return LetPass(connection);
    case Kind::kOther:
      return LetPass(connection);
  }
}

void LiveRun::LoadManifest(const fs::path& path) {
  has_manifest_ = true;
  Manifest manifest;
  try {
    manifest = ReadManifest(path);
  } catch (const Error& error) {
    // dbt has had its answer already; it is told when the nodes are to begin.
    manifest.problems.emplace_back(error.what());
  }
  BoundScripts bound =
      BindScripts(manifest, project_, dbt_->invocation, dbt_->preparation.environments());
  problems_ = std::move(bound.problems);
  if (retry_) {
    const std::string problem = retry_->Bind(manifest.graph, bound.nodes);
    if (!problem.empty())
      problems_.push_back(problem);
    else if (retry_->has_foreign_scripts())
      notices_.emplace_back(kForeignScripts);
  }
  notices_.insert(notices_.end(), bound.notices.begin(), bound.notices.end());
  for (NodeScripts& node : bound.nodes)
    schedule_.Add(node.node, node.is_ephemeral, std::move(node.scripts));
  if (!BindsScripts() || !problems_.empty()) return;
  dbt_->preparation.Require(bound.environments, path);
}

/// dbt before 1.9 writes the manifest without a word.
void LiveRun::LoadUntoldManifest() {
  const fs::path manifest = dbt_->target_folder / "manifest.json";
  if (!has_manifest_ && dbt_->invocation.writes_json && fs::exists(manifest))
    LoadManifest(manifest);
}

void LiveRun::HostSays(const std::string& line) {
  if (beginning_.has_value())
    Print(*beginning_, Printable(line));
  else if (retry_ && retry_->IsPreparing())
    retry_->Tell(Printable(line));
  else
    notices_.push_back(Printable(line));
}

void LiveRun::Begin(ConnectionId connection) {
  LoadUntoldManifest();
  for (const std::string& notice : notices_) Print(connection, notice);
  beginning_ = connection;
  FinishBegin();
}

void LiveRun::FinishBegin() {
  if (!beginning_.has_value()) return;
  if (problems_.empty() && !dbt_->preparation.IsReady()) return;
  const ConnectionId connection = *beginning_;
  beginning_.reset();
  if (problems_.empty()) problems_ = dbt_->preparation.Failures();
  if (!problems_.empty()) return Refuse(connection, JoinedLines(problems_));
  has_begun_ = true;
  // Not before: of a run that does not begin, dbt keeps no results, either.
  dbt_->results.Clear(BindsScripts());
  dbt_->turns.ClearLogs();
  if (has_manifest_)
    LetBegin(connection);
  else
    LetPass(connection);
}

void LiveRun::LetBegin(ConnectionId connection) {
  json::object verdict = {{"verdict", "go"}, {"scripts", BindsScripts()}};
  // dbt need not wait for an answer about nodes that no script is bound to; but with
  // --fail-fast it matters that any node fails.
  if (!dbt_->invocation.fails_fast) {
    std::vector<std::string> nodes = schedule_.BoundNodes();
    if (retry_)
      for (std::string& node : retry_->WaitingNodes()) nodes.push_back(std::move(node));
    verdict["nodes"] = json::value_from(nodes);
  }
  Decide(connection, verdict);
}

void LiveRun::StartTurn(ConnectionId connection, const DbtEvent& event) {
  if (event.binds_scripts && !has_manifest_)
    return Refuse(connection,
                  "cannot tell which scripts are bound to this node, for dbt was told to "
                  "write no manifest; run without '--no-write-json'");
  if (!retry_ || event.kind != DbtEvent::Kind::kNodeCompiling)
    return RunDue(connection, event);
  retry_->RunFor(event.node, HandlersFor(connection).print,
                 [this, connection, event](const std::string& problem) {
                   if (problem.empty())
                     RunDue(connection, event);
                   else
                     Refuse(connection, problem);
                 });
}

void LiveRun::RunDue(ConnectionId connection, const DbtEvent& event) {
  // dbt says nothing more of an ephemeral node that it has compiled.
  const bool is_compiling = event.kind == DbtEvent::Kind::kNodeCompiling;
  dbt_->turns.Start(schedule_.TakeDue(event),
                    {event.status, is_compiling ? "success" : event.status},
                    HandlersFor(connection));
}

ScriptTurns::Handlers LiveRun::HandlersFor(ConnectionId connection) {
  return {[this, connection](const std::string& line, const char* level) {
            Print(connection, line, level);
          },
          [this, connection](const std::string& problem) {
            if (problem.empty())
              LetPass(connection);
            else
              Refuse(connection, problem);
          }};
}

void LiveRun::SkipLeftOf(ConnectionId connection, const DbtEvent& event) {
  dbt_->turns.Skip(schedule_.TakeLeft(event),
                   Text("dbt left the node with status '", event.status, "'"),
                   HandlersFor(connection));
}

void LiveRun::FailFast(const DbtEvent& event) {
  // dbt itself waits for its threads, and so for our verdicts.
  if (!dbt_->invocation.fails_fast || dbt_->turns.is_interrupted() ||
      !IsFailure(event.status))
    return;
  fail_fast_reason_ = Text("stopped, for '", event.node, "' has failed (--fail-fast)");
  dbt_->turns.Interrupt(fail_fast_reason_);
}

void LiveRun::DbtEnded(int exit_code) {
  if (dbt_ == nullptr) return;
  // dbt ends with 1 when nodes failed, and with more when it could not go on.
  const bool has_gone_through = exit_code == 0 || exit_code == 1;
  const bool may_go_on = retry_ && RunsScripts() && has_gone_through &&
                         dbt_->turns.IsIdle() && !dbt_->turns.is_interrupted();
  if (may_go_on && !has_begun_) {
    // Where dbt had nothing to do, it has come to no node.
    LoadUntoldManifest();
    for (const std::string& notice : notices_) retry_->Tell(notice);
  }
  if (may_go_on && retry_->HasRest())
    return retry_->RunRest(JoinedLines(problems_), has_begun_);
  dbt_->turns.Kill("interrupted, for dbt has ended");
  if (retry_ && has_begun_) retry_->Skip("dbt has ended before");
}

void LiveRun::HostIsReady() {
  FinishBegin();
  if (retry_) retry_->HostIsReady();
}

void LiveRun::Interrupt() {
  if (dbt_ == nullptr) return;
  dbt_->turns.Interrupt("interrupted");
  if (retry_) retry_->Interrupt();
}

void LiveRun::Summarize(ConnectionId connection) {
  dbt_->results.Flush();
  if (!dbt_->results.empty()) Print(connection, dbt_->turns.Summary());
}

void LiveRun::Close() {
  if (dbt_ == nullptr) return;
  // Under --fail-fast dbt sends no event of the nodes that it does not come to.
  if (dbt_->invocation.fails_fast && has_manifest_) {
    const std::string reason = fail_fast_reason_.empty()
                                   ? "not run, for another node has failed (--fail-fast)"
                                   : fail_fast_reason_;
    for (const NodeResult& result : ReadRunResults(RunResultsPath())) {
      if (result.status != "skipped") continue;
      DbtEvent left;
      left.kind = DbtEvent::Kind::kNodeResult;
      left.node = result.node;
      left.status = result.status;
      for (const Script& script : schedule_.TakeLeft(left))
        dbt_->results.Skip(script, reason);
    }
  }
  dbt_->results.Flush();
}

bool LiveRun::IsIdle() const {
  if (dbt_ == nullptr) return true;
  return dbt_->turns.IsIdle() && !(retry_ && retry_->IsPreparing());
}

fs::path LiveRun::RunResultsPath() const {
  return dbt_->target_folder / "run_results.json";
}

bool LiveRun::BindsScripts() const {
  return !schedule_.empty() || (retry_ && retry_->HasRest());
}

std::vector<std::string> LiveRun::Problems(int exit_code) const {
  std::vector<std::string> problems;
  if (dbt_ == nullptr) return problems;
  if (retry_ && !retry_->problem().empty()) problems.push_back(retry_->problem());
  const int failed = dbt_->results.Count(Results::Status::kError);
  // dbt leaves a failed ephemeral model that nothing selects out of its results.
  if (exit_code == 0 && failed > 0)
    problems.push_back(
        Text("scripts that failed: ", failed, "; the run is not complete"));
  if (exit_code == 0)
    for (const std::string& node : MissedNodes())
      problems.push_back(Text("the scripts of '", node,
                              "' did not run, for dbt built it without a word to aft"));
  if (!dbt_->results.problem().empty())
    problems.push_back(
        Text("the results of the scripts could not be kept: ", dbt_->results.problem()));
  return problems;
}

/// Nodes that dbt has built, by its own results, without having told of them in time for
/// their scripts.
std::vector<std::string> LiveRun::MissedNodes() const {
  std::vector<std::string> missed;
  // Without its manifest, which it writes beside them, dbt has written no results either.
  if (!has_manifest_ || !RunsScripts()) return missed;
  // Where it had nothing to repeat, those that are there are of the run before.
  if (retry_ && !has_begun_) return missed;
  for (const NodeResult& result : ReadRunResults(RunResultsPath()))
    if (result.status == "success" && schedule_.IsWaiting(result.node))
      missed.push_back(result.node);
  return missed;
}

void LiveRun::Print(ConnectionId connection, const std::string& text, const char* level) {
  send_(connection, json::serialize(json::object{{"line", text}, {"level", level}}));
}

void LiveRun::Decide(ConnectionId connection, const json::object& verdict) {
  unanswered_.erase(connection);
  send_(connection, json::serialize(verdict));
}

void LiveRun::LetPass(ConnectionId connection) {
  Decide(connection, {{"verdict", "go"}});
}

void LiveRun::Refuse(ConnectionId connection, const std::string& message) {
  Decide(connection, {{"verdict", "fail"}, {"message", Printable(message)}});
}

}  // namespace aft
