// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/dbt_follower.h"

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
#include "plugin/scripts/script_digests.h"
#include "plugin/scripts/script_turns.h"

namespace aft {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr const char* kNoManifest =
    "cannot tell which scripts are bound to the nodes of this run because dbt was told "
    "to write no manifest; run without '--no-write-json'";

}  // namespace

DbtFollower::DbtFollower(EventLoop& loop, ScriptHost& host, Send send, Write write,
                         ProjectConfig project, std::set<std::string> warm_up)
    : loop_(loop),
      host_(host),
      answers_(std::move(send)),
      write_(std::move(write)),
      project_(std::move(project)),
      warm_up_(std::move(warm_up)) {}

bool DbtFollower::Receive(ConnectionId connection, std::string_view line) {
  if (!answers_.Expect(connection)) return false;
  try {
    Take(connection, line);
  } catch (const std::exception& error) {
    Fail(connection, error.what());
  }
  return true;
}

void DbtFollower::Take(ConnectionId connection, std::string_view line) {
  const std::optional<GateHello> hello = ParseGateHello(line);
  if (!hello) return Answer(connection, ParseDbtEvent(line));
  if (dbt_ == nullptr && hello->has_flags) Greet(hello->invocation);
  if (warm_up_.empty()) return answers_.LetPass(connection);
  answers_.Decide(connection, {{"verdict", "go"}, {"scripts", true}});
}

void DbtFollower::Fail(ConnectionId connection, const std::string& message) {
  // dbt prints it where it belongs, and fails the node or the run.
  if (answers_.IsWaiting(connection)) return answers_.Refuse(connection, message);
  // A second verdict would pass for the one on the next message.
  (has_begun_ ? late_problems_ : problems_).push_back(message);
}

void DbtFollower::Greet(const DbtInvocation& invocation) {
  has_met_gate_ = true;
  if (retrying_) return GreetAgain(*retrying_, invocation);
  const fs::path folder =
      invocation.project_folder.empty() ? "" : AsNamed(invocation.project_folder);
  if (!folder.empty() && folder != project_.folder) {
    project_ = ReadProjectConfig(folder);
    for (const std::string& key : project_.templates)
      project_.problems.push_back(
          Text("cannot render '", key, "' of '", (folder / kProjectFile).native(),
               "', because only dbt knew of the folder; name it with '--project-dir'"));
  }
  if (invocation.command == "retry")
    retrying_ = invocation;
  else
    MakeDbt(invocation);
}

/// What dbt repeats is called as the run before was, but in the folders of the retry.
void DbtFollower::GreetAgain(const DbtInvocation& retry, DbtInvocation repeated) {
  repeated.project_folder = retry.project_folder;
  repeated.profiles_folder = retry.profiles_folder;
  MakeDbt(repeated);
  retry_.emplace(
      PreviousResults(retry),
      LiveRetry::Parts{dbt_->target_folder, dbt_->invocation.id, dbt_->preparation,
                       dbt_->results, dbt_->turns, dbt_->run_level},
      [console = DbtConsole(DbtConsole::OptionsOf(retry), write_)](
          const std::string& line, const char* level) { console.Print(line, level); });
  dbt_->run_level.Repeat(retry_->previous());
  choice_ = retry_->choice();
}

PreviousRun DbtFollower::PreviousResults(const DbtInvocation& retry) const {
  const std::string& folder =
      retry.state_folder.empty() ? retry.target_folder : retry.state_folder;
  return ReadPreviousRun(TargetFolder(project_, folder), retry.fails_on_warning);
}

void DbtFollower::MakeDbt(const DbtInvocation& invocation) {
  const fs::path target = TargetFolder(project_, invocation.target_folder);
  dbt_ = std::make_unique<RunningDbt>(loop_, host_, project_, invocation, target);
  dbt_->run_level.Expect(run_level_);
  node_turns_ = std::make_unique<NodeTurns>(answers_, schedule_, *dbt_, retry_);
  if (RunsScripts()) dbt_->preparation.WarmUp(warm_up_);
}

bool DbtFollower::RunsScripts() const {
  const std::string& command = dbt_->invocation.command;
  return RunsNodes(command) || ChecksSources(command);
}

void DbtFollower::Answer(ConnectionId connection, const DbtEvent& event) {
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
    case Kind::kNodeStarting:
      return node_turns_->Start(connection, event.node);
    case Kind::kNodeCompiling:
    case Kind::kNodeResult:
      if (event.binds_scripts && !has_manifest_)
        return answers_.Refuse(connection, kNoManifest);
      return node_turns_->Turn(connection, event);
    case Kind::kNodeExecuting:
      return node_turns_->Execute(connection, event.node);
    case Kind::kNodeFinished:
      node_turns_->SkipLeft(connection, event);
      FailFast(event);
      return answers_.LetPass(connection);
    case Kind::kRunSummary:
      return EndRun(connection);
    case Kind::kOther:
      return answers_.LetPass(connection);
  }
}

void DbtFollower::LoadManifest(const fs::path& path) {
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
  dbt_->placeholders.Add(manifest, bound.nodes);
  if (const std::string problem =
          KeepDigests(manifest, project_, dbt_->invocation, dbt_->target_folder);
      !problem.empty())
    bound.notices.push_back("warning: " + problem);
  choice_.Apply(bound, dbt_->results);
  dbt_->run_level.Bind(project_, dbt_->invocation, dbt_->preparation.environments(),
                       bound);
  problems_ = std::move(bound.problems);
  if (bound.concurrency)
    dbt_->turns.AllowAtOnce(static_cast<std::size_t>(*bound.concurrency));
  if (retry_) {
    const std::string problem = retry_->Bind(manifest.graph, bound.nodes);
    if (!problem.empty()) problems_.push_back(problem);
  }
  notices_.insert(notices_.end(), bound.notices.begin(), bound.notices.end());
  for (NodeScripts& node : bound.nodes)
    schedule_.Add(node.node, node.is_ephemeral, std::move(node.scripts));
  if (!BindsScripts() || !problems_.empty()) return;
  required_ = std::move(bound.environments);
  manifest_ = path;
  // `dbt retry` writes its manifest once more, unless it has nodes to repeat and waits.
  if (!retry_) RequireHosts();
}

void DbtFollower::RequireHosts() {
  if (!required_.empty())
    dbt_->preparation.Require(std::exchange(required_, {}), manifest_);
}

/// dbt before 1.9 writes the manifest without a word.
void DbtFollower::LoadUntoldManifest() {
  const fs::path manifest = dbt_->target_folder / "manifest.json";
  if (!has_manifest_ && dbt_->invocation.writes_json && fs::exists(manifest))
    LoadManifest(manifest);
}

void DbtFollower::HostSays(const std::string& line) {
  if (beginning_.has_value())
    answers_.Print(*beginning_, Printable(line));
  else if (retry_ && retry_->IsPreparing())
    retry_->Tell(Printable(line));
  else
    notices_.push_back(Printable(line));
}

void DbtFollower::Begin(ConnectionId connection, const DbtEvent& event) {
  LoadUntoldManifest();
  RequireHosts();
  if (event.binds_scripts && !has_manifest_) problems_.emplace_back(kNoManifest);
  if (event.selected && BindsScripts()) dbt_->preparation.UseSelection(*event.selected);
  for (const std::string& notice : notices_) answers_.Print(connection, notice);
  beginning_ = connection;
  FinishBegin();
}

void DbtFollower::FinishBegin() {
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
  if (!has_manifest_) return answers_.LetPass(connection);
  ScriptTurns::Handlers handlers = node_turns_->HandlersFor(connection);
  handlers.on_done = [this, connection](const std::string& problem) {
    problem.empty() ? LetBegin(connection) : answers_.Refuse(connection, problem);
  };
  dbt_->run_level.RunBefore(handlers);
}

void DbtFollower::LetBegin(ConnectionId connection) {
  json::object verdict = {{"verdict", "go"}, {"scripts", BindsScripts()}};
  if (retry_) verdict["starts"] = json::value_from(retry_->WaitingNodes());
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

void DbtFollower::FailFast(const DbtEvent& event) {
  // dbt itself waits for its threads, and so for our verdicts.
  if (!dbt_->invocation.fails_fast || dbt_->turns.is_interrupted() ||
      !IsFailure(event.status))
    return;
  fail_fast_reason_ = Text("'", event.node, "' has failed (--fail-fast)");
  dbt_->turns.Interrupt("stopped because " + fail_fast_reason_);
}

/// Runs what is left of the retry; false where nothing is.
bool DbtFollower::GoOn(LiveRetry& retry) {
  if (!has_begun_) {
    // Where dbt had nothing to do, it has come to no node.
    LoadUntoldManifest();
    for (const std::string& notice : notices_) retry.Tell(notice);
  }
  if (!retry.HasRest() && !retry.HasUnreached()) return false;
  RequireHosts();
  retry.RunRest(JoinedLines(problems_), has_begun_);
  return true;
}

void DbtFollower::DbtEnded(int exit_code) {
  if (dbt_ == nullptr) return;
  // dbt ends with 1 when nodes failed, and with more when it could not go on.
  const bool has_gone_through = exit_code == 0 || exit_code == 1;
  const bool may_go_on = RunsScripts() && has_gone_through && dbt_->turns.IsIdle() &&
                         !dbt_->turns.is_interrupted();
  if (retry_ && may_go_on && GoOn(*retry_)) return;
  dbt_->turns.Kill("interrupted because dbt has ended");
  if (retry_ && has_begun_) retry_->Skip("dbt has ended before");
}

void DbtFollower::HostIsReady() {
  FinishBegin();
  if (retry_) retry_->HostIsReady();
}

void DbtFollower::Interrupt() {
  if (dbt_ == nullptr) return;
  is_interrupted_ = true;
  dbt_->turns.Interrupt("interrupted");
  if (retry_) retry_->Interrupt();
}

/// dbt has worked on its last node. What fails now is said when dbt has ended.
void DbtFollower::EndRun(ConnectionId connection) {
  // What follows when dbt has ended is part of the run.
  if (retry_ && retry_->HasLeft()) {
    Summarize(connection);
    return answers_.LetPass(connection);
  }
  ScriptTurns::Handlers handlers = node_turns_->HandlersFor(connection);
  handlers.on_done = [this, connection](const std::string&) {
    Summarize(connection);
    answers_.LetPass(connection);
  };
  dbt_->run_level.RunAfter(handlers);
}

void DbtFollower::Summarize(ConnectionId connection) {
  RecordUnreached();
  // Those that nothing was built on.
  for (std::string& problem :
       dbt_->placeholders.RestOfProblems(answers_.Warn(connection)))
    late_problems_.push_back(std::move(problem));
  dbt_->results.Flush();
  if (retry_)
    for (const std::string& line : retry_->Failures())
      answers_.Print(connection, line, "error");
  if (dbt_->results.empty() || (retry_ && retry_->HasRest())) return;
  summary_ = dbt_->turns.Summary();
  answers_.Print(connection, summary_);
}

/// Where dbt had nothing to repeat, no node was planned; and a run that was refused
/// leaves what a retry of the one before needs.
void DbtFollower::RecordUnreached() {
  if (has_begun_ || (!retry_ && problems_.empty()))
    unreached_.Record(schedule_, *dbt_, ReasonForUnreached(), is_interrupted_);
  if (retry_ && has_begun_) retry_->RecordUnreached();
}

void DbtFollower::Close() {
  if (dbt_ == nullptr) return;
  RecordUnreached();
  const std::string reason = has_begun_ ? ReasonForUnreached() : "";
  for (std::string& problem : dbt_->Close(
           DbtConsole(DbtConsole::OptionsOf(dbt_->invocation), write_), reason, summary_))
    late_problems_.push_back(std::move(problem));
}

std::string DbtFollower::ReasonForUnreached() const {
  if (!fail_fast_reason_.empty()) return fail_fast_reason_;
  return is_interrupted_ ? "the run was interrupted" : "dbt ended before it came to that";
}

bool DbtFollower::IsIdle() const {
  if (dbt_ == nullptr) return true;
  return dbt_->turns.IsIdle() && !(retry_ && retry_->IsPreparing());
}

bool DbtFollower::BindsScripts() const {
  return !schedule_.empty() || (dbt_ && !dbt_->run_level.empty()) ||
         (retry_ && retry_->HasRest());
}

std::vector<std::string> DbtFollower::Problems(int exit_code) const {
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
  for (std::string& problem : unreached_.Problems(exit_code))
    problems.push_back(std::move(problem));
  for (std::string& problem : dbt_->Problems(exit_code))
    problems.push_back(std::move(problem));
  return problems;
}

}  // namespace aft
