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
#include "plugin/project/manifest.h"
#include "plugin/scripts/bound_scripts.h"

namespace aft {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr const char* kNoManifest =
    "cannot tell which scripts are bound to the nodes of this run because dbt was told "
    "to write no manifest; run without '--no-write-json'";

}  // namespace

LiveRun::LiveRun(EventLoop& loop, ScriptHost& host, Send send, Write write,
                 ProjectConfig project, std::set<std::string> warm_up)
    : loop_(loop),
      host_(host),
      answers_(std::move(send)),
      write_(std::move(write)),
      project_(std::move(project)),
      warm_up_(std::move(warm_up)) {}

bool LiveRun::Receive(ConnectionId connection, std::string_view line) {
  if (!answers_.Expect(connection)) return false;
  try {
    Take(connection, line);
  } catch (const std::exception& error) {
    Fail(connection, error.what());
  }
  return true;
}

void LiveRun::Take(ConnectionId connection, std::string_view line) {
  const std::optional<GateHello> hello = ParseGateHello(line);
  if (!hello) return Answer(connection, ParseDbtEvent(line));
  if (dbt_ == nullptr && hello->has_flags) Greet(hello->invocation);
  if (warm_up_.empty()) return answers_.LetPass(connection);
  answers_.Decide(connection, {{"verdict", "go"}, {"scripts", true}});
}

void LiveRun::Fail(ConnectionId connection, const std::string& message) {
  // dbt prints it where it belongs, and fails the node or the run.
  if (answers_.IsWaiting(connection)) return answers_.Refuse(connection, message);
  // A second verdict would pass for the one on the next message.
  (has_begun_ ? late_problems_ : problems_).push_back(message);
}

void LiveRun::Greet(const DbtInvocation& invocation) {
  has_met_gate_ = true;
  if (retrying_) return GreetAgain(*retrying_, invocation);
  if (!invocation.project_folder.empty())
    project_ = ReadProjectConfig(AsNamed(invocation.project_folder));
  if (invocation.command == "retry")
    retrying_ = invocation;
  else
    MakeDbt(invocation);
}

/// What dbt repeats has the target, the variables and all else of the run before, but is
/// in the folders that the retry was given.
void LiveRun::GreetAgain(const DbtInvocation& retry, DbtInvocation repeated) {
  repeated.project_folder = retry.project_folder;
  repeated.profiles_folder = retry.profiles_folder;
  MakeDbt(repeated);
  retry_.emplace(
      PreviousResults(retry),
      LiveRetry::Parts{dbt_->target_folder, dbt_->invocation.id, dbt_->preparation,
                       dbt_->results, dbt_->turns},
      [console = DbtConsole(DbtConsole::OptionsOf(retry), write_)](
          const std::string& line, const char* level) { console.Print(line, level); });
}

PreviousRun LiveRun::PreviousResults(const DbtInvocation& retry) const {
  const std::string& state = retry.state_folder;
  return ReadPreviousRun(
      TargetFolder(project_, state.empty() ? retry.target_folder : state),
      retry.fails_on_warning);
}

void LiveRun::MakeDbt(const DbtInvocation& invocation) {
  const fs::path target = TargetFolder(project_, invocation.target_folder);
  dbt_ = std::make_unique<RunningDbt>(loop_, host_, project_, invocation, target);
  if (RunsScripts()) dbt_->preparation.WarmUp(warm_up_);
}

bool LiveRun::RunsScripts() const {
  const std::string& command = dbt_->invocation.command;
  return RunsNodes(command) || ChecksSources(command);
}

void LiveRun::Answer(ConnectionId connection, const DbtEvent& event) {
  using Kind = DbtEvent::Kind;
  if (dbt_ == nullptr && retrying_ && event.kind == Kind::kRunBegins)
    return answers_.Refuse(connection, kUntoldFlags);
  if (dbt_ == nullptr || !RunsScripts()) return answers_.LetPass(connection);
  switch (event.kind) {
    case Kind::kManifestWritten:
      // dbt goes on while the manifest is read; it writes another one at its end.
      answers_.LetPass(connection);
      if (!has_manifest_) LoadManifest(event.path);
      return;
    case Kind::kRunBegins:
      unreached_.Expect(event.selected);
      return Begin(connection, event);
    case Kind::kNodeCompiling:
      return StartTurn(connection, event);
    case Kind::kNodeExecuting:
      return HandlersFor(connection).on_done(ProblemAbove(connection, event.node));
    case Kind::kNodeResult:
      SkipLeftOf(connection, event);
      return StartTurn(connection, event);
    case Kind::kNodeFinished:
      SkipLeftOf(connection, event);
      FailFast(event);
      return answers_.LetPass(connection);
    case Kind::kRunSummary:
      Summarize(connection);
      return answers_.LetPass(connection);
    case Kind::kOther:
      return answers_.LetPass(connection);
  }
}

void LiveRun::LoadManifest(const fs::path& path) {
  has_manifest_ = true;
  Manifest manifest;
  try {
    manifest = ReadManifest(path, project_.name);
  } catch (const Error& error) {
    // dbt has had its answer already; it is told when the nodes are to begin.
    manifest.problems.emplace_back(error.what());
  }
  BoundScripts bound =
      BindScripts(manifest, project_, dbt_->invocation, dbt_->preparation.environments());
  problems_ = std::move(bound.problems);
  dbt_->placeholders.Add(manifest, bound.nodes);
  if (retry_) {
    const std::string problem = retry_->Bind(manifest.graph, bound.nodes);
    if (!problem.empty()) problems_.push_back(problem);
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
    answers_.Print(*beginning_, Printable(line));
  else if (retry_ && retry_->IsPreparing())
    retry_->Tell(Printable(line));
  else
    notices_.push_back(Printable(line));
}

void LiveRun::Begin(ConnectionId connection, const DbtEvent& event) {
  LoadUntoldManifest();
  if (event.binds_scripts && !has_manifest_) problems_.emplace_back(kNoManifest);
  if (event.selected && BindsScripts()) dbt_->preparation.UseSelection(*event.selected);
  for (const std::string& notice : notices_) answers_.Print(connection, notice);
  beginning_ = connection;
  FinishBegin();
}

void LiveRun::FinishBegin() {
  if (!beginning_.has_value()) return;
  if (problems_.empty() && !dbt_->preparation.IsReady()) return;
  const ConnectionId connection = *beginning_;
  beginning_.reset();
  if (problems_.empty()) problems_ = dbt_->preparation.Failures();
  if (!problems_.empty()) return answers_.Refuse(connection, JoinedLines(problems_));
  has_begun_ = true;
  // Not before: of a run that does not begin, dbt keeps no results, either.
  dbt_->results.Clear(BindsScripts());
  dbt_->turns.ClearLogs();
  if (has_manifest_)
    LetBegin(connection);
  else
    answers_.LetPass(connection);
}

void LiveRun::LetBegin(ConnectionId connection) {
  json::object verdict = {{"verdict", "go"}, {"scripts", BindsScripts()}};
  // dbt need not wait for an answer about nodes that no script is bound to; but with
  // --fail-fast it matters that any node fails.
  if (!dbt_->invocation.fails_fast) {
    std::vector<std::string> nodes = schedule_.BoundNodes();
    if (retry_)
      for (std::string& node : retry_->WaitingNodes()) nodes.push_back(std::move(node));
    for (std::string& node : dbt_->placeholders.Children())
      nodes.push_back(std::move(node));
    verdict["nodes"] = json::value_from(nodes);
  }
  answers_.Decide(connection, verdict);
}

void LiveRun::StartTurn(ConnectionId connection, const DbtEvent& event) {
  if (event.binds_scripts && !has_manifest_)
    return answers_.Refuse(connection, kNoManifest);
  if (!retry_ || event.kind != DbtEvent::Kind::kNodeCompiling)
    return RunDue(connection, event);
  retry_->RunFor(event.node, HandlersFor(connection).print,
                 [this, connection, event](const std::string& problem) {
                   if (problem.empty())
                     RunDue(connection, event);
                   else
                     answers_.Refuse(connection, problem);
                 });
}

void LiveRun::RunDue(ConnectionId connection, const DbtEvent& event) {
  // dbt says nothing more of an ephemeral node that it has compiled.
  const bool is_compiling = event.kind == DbtEvent::Kind::kNodeCompiling;
  if (is_compiling) {
    const std::string problem = ProblemAbove(connection, event.node);
    if (!problem.empty()) return answers_.Refuse(connection, problem);
  }
  dbt_->turns.Start(schedule_.TakeDue(event),
                    {event.status, is_compiling ? "success" : event.status},
                    HandlersFor(connection, is_compiling ? event.node : ""));
}

/// dbt has compiled the ephemeral models above a node before it comes to the node or,
/// where it does not come to them, with the node.
std::string LiveRun::ProblemAbove(ConnectionId connection, const std::string& node) {
  return dbt_->placeholders.ProblemAbove(node,
                                         [this, connection](const std::string& warning) {
                                           answers_.Print(connection, warning, "warn");
                                         });
}

/// With a node, what its scripts wrote is judged when they have succeeded, if it is known
/// by then what its SQL reads.
ScriptTurns::Handlers LiveRun::HandlersFor(ConnectionId connection,
                                           const std::string& node) {
  return {[this, connection](const std::string& line, const char* level) {
            answers_.Print(connection, line, level);
          },
          [this, connection, node](std::string problem) {
            if (problem.empty())
              problem = dbt_->placeholders.Problem(
                  node, [this, connection](const std::string& warning) {
                    answers_.Print(connection, warning, "warn");
                  });
            if (problem.empty())
              answers_.LetPass(connection);
            else
              answers_.Refuse(connection, problem);
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
  fail_fast_reason_ = Text("'", event.node, "' has failed (--fail-fast)");
  dbt_->turns.Interrupt("stopped because " + fail_fast_reason_);
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
  if (may_go_on && (retry_->HasRest() || retry_->HasUnreached()))
    return retry_->RunRest(JoinedLines(problems_), has_begun_);
  dbt_->turns.Kill("interrupted because dbt has ended");
  if (retry_ && has_begun_) retry_->Skip("dbt has ended before");
}

void LiveRun::HostIsReady() {
  FinishBegin();
  if (retry_) retry_->HostIsReady();
}

void LiveRun::Interrupt() {
  if (dbt_ == nullptr) return;
  is_interrupted_ = true;
  dbt_->turns.Interrupt("interrupted");
  if (retry_) retry_->Interrupt();
}

void LiveRun::Summarize(ConnectionId connection) {
  JudgePlaceholders([this, connection](const std::string& warning) {
    answers_.Print(connection, warning, "warn");
  });
  dbt_->results.Flush();
  if (dbt_->results.empty()) return;
  summary_ = dbt_->turns.Summary();
  answers_.Print(connection, summary_);
}

/// Those that nothing was built on.
void LiveRun::JudgePlaceholders(const Placeholders::Warn& warn) {
  for (std::string& problem : dbt_->placeholders.RestOfProblems(warn))
    late_problems_.push_back(std::move(problem));
}

void LiveRun::Close() {
  if (dbt_ == nullptr) return;
  // Where dbt had nothing to repeat, no node was planned; and a run that was refused
  // leaves what a retry of the one before needs.
  if (has_begun_ || (!retry_ && problems_.empty()))
    unreached_.Record(schedule_, *dbt_, ReasonForUnreached(), is_interrupted_);
  if (retry_ && has_begun_) retry_->RecordUnreached();
  JudgePlaceholders([this](const std::string& warning) {
    DbtConsole(DbtConsole::OptionsOf(dbt_->invocation), write_).Print(warning, "warn");
  });
  dbt_->results.Flush();
  // dbt has no last line where it has built nothing, as with ephemeral models only; and
  // scripts may have run after it.
  if (dbt_->results.empty() || dbt_->turns.Summary() == summary_) return;
  DbtConsole(DbtConsole::OptionsOf(dbt_->invocation), write_)
      .Print(dbt_->turns.Summary(), "info");
}

std::string LiveRun::ReasonForUnreached() const {
  if (!fail_fast_reason_.empty()) return fail_fast_reason_;
  if (is_interrupted_) return "the run was interrupted";
  return "dbt ended before it came to its node";
}

bool LiveRun::IsIdle() const {
  if (dbt_ == nullptr) return true;
  return dbt_->turns.IsIdle() && !(retry_ && retry_->IsPreparing());
}

bool LiveRun::BindsScripts() const {
  return !schedule_.empty() || (retry_ && retry_->HasRest());
}

std::vector<std::string> LiveRun::Problems(int exit_code) const {
  std::vector<std::string> problems = late_problems_;
  if (dbt_ == nullptr) {
    if (!retrying_) return problems;
    const std::string problem =
        ProblemOfUnansweredRetry(PreviousResults(*retrying_), exit_code);
    if (!problem.empty()) problems.push_back(problem);
    return problems;
  }
  if (retry_)
    for (std::string& problem : retry_->Problems())
      problems.push_back(std::move(problem));
  const int failed = dbt_->results.Count(Results::Status::kError);
  // dbt leaves a failed ephemeral model that nothing selects out of its results, and says
  // nothing of it.
  if (exit_code == 0 && failed > 0) {
    for (std::string& problem : dbt_->placeholders.ToldProblems())
      problems.push_back(std::move(problem));
    problems.push_back(
        Text("scripts that failed: ", failed, "; the run is not complete"));
  }
  for (std::string& problem : unreached_.Problems(exit_code))
    problems.push_back(std::move(problem));
  if (!dbt_->results.problem().empty())
    problems.push_back(
        Text("the results of the scripts could not be kept: ", dbt_->results.problem()));
  return problems;
}

}  // namespace aft
