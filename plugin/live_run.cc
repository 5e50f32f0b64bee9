// SPDX-License-Identifier: Apache-2.0
#include "plugin/live_run.h"

#include <boost/json.hpp>
#include <set>
#include <utility>

#include "host_shim/error.h"
#include "plugin/bound_scripts.h"
#include "plugin/dbt_command.h"
#include "plugin/run_results.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

LiveRun::LiveRun(EventLoop& loop, ScriptHost& host, Send send, ProjectConfig project,
                 std::set<std::string> warm_up)
    : loop_(loop),
      host_(host),
      send_(std::move(send)),
      project_(std::move(project)),
      warm_up_(std::move(warm_up)) {}

LiveRun::RunningDbt::RunningDbt(EventLoop& loop, ScriptHost& host,
                                const ProjectConfig& project, DbtInvocation called,
                                fs::path folder)
    : invocation(std::move(called)),
      target_folder(std::move(folder)),
      console(invocation.printer_width, invocation.use_colors),
      results(loop, target_folder, {invocation.dbt_version, invocation.command}),
      preparation(host, project, invocation, target_folder),
      turns(loop, host, console, results, target_folder / "aft" / "logs") {}

void LiveRun::Receive(ConnectionId connection, std::string_view line) {
  try {
    if (const std::optional<GateHello> hello = ParseGateHello(line)) {
      if (dbt_ == nullptr && hello->has_flags) Greet(hello->invocation);
      LetPass(connection);
    } else {
      Answer(connection, ParseDbtEvent(line));
    }
  } catch (const Error& error) {
    // dbt prints it where it belongs, and fails the node or the run.
    Refuse(connection, error.what());
  }
}

void LiveRun::Greet(const DbtInvocation& invocation) {
  if (!invocation.project_folder.empty())
    project_ = ReadProjectConfig(fs::canonical(invocation.project_folder));
  const std::string& given = invocation.target_folder;
  const fs::path target =
      project_.folder / (given.empty() ? project_.target_path : given);
  dbt_ = std::make_unique<RunningDbt>(loop_, host_, project_, invocation, target);
  if (RunsNodes(invocation.command)) dbt_->preparation.WarmUp(warm_up_);
}

void LiveRun::Answer(ConnectionId connection, const DbtEvent& event) {
  using Kind = DbtEvent::Kind;
  if (dbt_ == nullptr || !RunsNodes(dbt_->invocation.command)) return LetPass(connection);
  switch (event.kind) {
    case Kind::kManifestWritten:
      // dbt goes on while the manifest is read; it writes another one at its end.
      LetPass(connection);
      if (!has_manifest_) LoadManifest(event.path);
      return;
    case Kind::kRunBegins:
      return Begin(connection);
    case Kind::kNodeCompiling:
    case Kind::kNodeResult:
      return StartTurn(connection, event);
    case Kind::kNodeFinished:
      dbt_->turns.Skip(schedule_.TakeLeft(event.node),
                       Text("dbt left the node with status '", event.status, "'"),
                       HandlersFor(connection));
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
  BoundScripts bound = BindScripts(ReadManifest(path), project_, dbt_->invocation,
                                   dbt_->preparation.environments());
  problems_ = std::move(bound.problems);
  notices_.insert(notices_.end(), bound.notices.begin(), bound.notices.end());
  for (NodeScripts& node : bound.nodes)
    schedule_.Add(node.node, node.is_ephemeral, std::move(node.scripts));
  if (schedule_.empty() || !problems_.empty()) return;
  dbt_->preparation.Require(bound.environments, path);
}

void LiveRun::HostSays(const std::string& line) {
  if (beginning_.has_value())
    Print(*beginning_, Printable(line));
  else
    notices_.push_back(Printable(line));
}

void LiveRun::Begin(ConnectionId connection) {
  const fs::path manifest = dbt_->target_folder / "manifest.json";
  // dbt before 1.9 writes the manifest without a word.
  if (!has_manifest_ && dbt_->invocation.writes_json && fs::exists(manifest))
    LoadManifest(manifest);
  for (const std::string& notice : notices_) Print(connection, notice);
  dbt_->results.Clear();
  dbt_->turns.ClearLogs();
  beginning_ = connection;
  FinishBegin();
}

void LiveRun::FinishBegin() {
  if (!beginning_.has_value()) return;
  if (problems_.empty() && !dbt_->preparation.IsReady()) return;
  const ConnectionId connection = *beginning_;
  beginning_.reset();
  if (problems_.empty()) problems_ = dbt_->preparation.Failures();
  if (!problems_.empty())
    Refuse(connection, Joined(problems_));
  else if (has_manifest_)
    LetBegin(connection);
  else
    LetPass(connection);
}

void LiveRun::LetBegin(ConnectionId connection) {
  // With --fail-fast it matters that any node fails.
  if (dbt_->invocation.fails_fast) return LetPass(connection);
  // dbt need not wait for an answer about nodes that no script is bound to.
  const json::value nodes = json::value_from(schedule_.BoundNodes());
  send_(connection, json::serialize(json::object{{"verdict", "go"}, {"nodes", nodes}}));
}

void LiveRun::StartTurn(ConnectionId connection, const DbtEvent& event) {
  if (event.binds_scripts && !has_manifest_)
    return Refuse(connection,
                  "cannot tell which scripts are bound to this node, for dbt was told to "
                  "write no manifest; run without '--no-write-json'");
  dbt_->turns.Start(schedule_.TakeDue(event), event.status, HandlersFor(connection));
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

void LiveRun::FailFast(const DbtEvent& event) {
  // dbt itself waits for its threads, and so for our verdicts.
  static const std::set<std::string, std::less<>> kFailures = {"error", "fail",
                                                               "runtime error"};
  if (dbt_->invocation.fails_fast && !dbt_->turns.is_interrupted() &&
      kFailures.contains(event.status))
    dbt_->turns.Interrupt(
        Text("stopped, for '", event.node, "' has failed (--fail-fast)"));
}

void LiveRun::Interrupt() {
  if (dbt_ != nullptr) dbt_->turns.Interrupt("interrupted");
}

void LiveRun::Stop() {
  if (dbt_ != nullptr) dbt_->turns.Kill("interrupted, for dbt has ended");
}

void LiveRun::Summarize(ConnectionId connection) {
  dbt_->results.Flush();
  const int succeeded = dbt_->results.Count(Results::Status::kSuccess);
  const int failed = dbt_->results.Count(Results::Status::kError);
  const int skipped = dbt_->results.Count(Results::Status::kSkipped);
  if (succeeded + failed + skipped > 0)
    Print(connection, Console::Summary(succeeded, failed, skipped));
}

void LiveRun::Close() {
  if (dbt_ != nullptr) dbt_->results.Flush();
}

int LiveRun::failed_scripts() const {
  return dbt_ == nullptr ? 0 : dbt_->results.Count(Results::Status::kError);
}

std::vector<std::string> LiveRun::MissedNodes() const {
  std::vector<std::string> missed;
  // Without its manifest, which it writes beside them, dbt has written no results either.
  if (dbt_ == nullptr || !has_manifest_ || !RunsNodes(dbt_->invocation.command))
    return missed;
  for (const NodeResult& result :
       ReadRunResults(dbt_->target_folder / "run_results.json"))
    if (result.status == "success" && schedule_.IsWaiting(result.node))
      missed.push_back(result.node);
  return missed;
}

std::string LiveRun::results_problem() const {
  return dbt_ == nullptr ? "" : dbt_->results.problem();
}

void LiveRun::Print(ConnectionId connection, const std::string& text, const char* level) {
  send_(connection, json::serialize(json::object{{"line", text}, {"level", level}}));
}

void LiveRun::LetPass(ConnectionId connection) {
  send_(connection, json::serialize(json::object{{"verdict", "go"}}));
}

void LiveRun::Refuse(ConnectionId connection, const std::string& message) {
  send_(connection, json::serialize(json::object{{"verdict", "fail"},
                                                 {"message", Printable(message)}}));
}

}  // namespace aft
