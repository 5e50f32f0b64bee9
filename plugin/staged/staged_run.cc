// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/staged_run.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/dbt/command_line.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/dbt/node_status.h"
#include "plugin/staged/staged_plan.h"

namespace aft {
namespace {

// What dbt ends with when nodes failed, and when it could not even begin.
constexpr int kSomeFailed = 1;
constexpr int kNotBegun = 2;

/// Whether nodes of this type are no work for dbt, of which not every dbt gives an
/// account.
bool MayBeUntold(const std::string& type) {
  return type == "exposure" || type == "saved_query";
}

}  // namespace

StagedRun::StagedRun(EventLoop& loop, ScriptHost& host, Setup setup, Handlers handlers)
    : project_(std::move(setup.project)),
      commands_(std::move(setup.commands)),
      state_(std::move(setup.private_folder)),
      invocation_(std::move(setup.invocation)),
      previous_(std::move(setup.previous)),
      handlers_(std::move(handlers)),
      target_folder_(TargetFolder(project_, invocation_.target_folder)),
      console_(DbtConsole::OptionsOf(invocation_),
               [this](const std::string& text) { handlers_.write_output(text); }),
      script_console_(invocation_.printer_width, invocation_.use_colors),
      results_(loop, target_folder_, {invocation_.dbt_version, invocation_.command, ""}),
      preparation_(host, project_, invocation_, target_folder_),
      turns_(loop, host, script_console_, results_, target_folder_ / "aft" / "logs"),
      placeholders_(results_, target_folder_),
      report_(console_, manifest_, target_folder_ / "run_results.json"),
      listing_(target_folder_ / "manifest.json"),
      command_(commands_.Listing()) {
  preparation_.WarmUp(setup.warm_up);
}

StagedRun::Next StagedRun::NextStep() {
  if (std::exchange(has_command_, false)) {
    is_running_ = true;
    return Next::kStart;
  }
  return phase_ == Phase::kEnded && turns_.IsIdle() ? Next::kEnd : Next::kWait;
}

void StagedRun::TakeLine(const std::string& line) {
  if (phase_ != Phase::kListing) return TakeStageLine(line);
  if (!listing_.Take(line)) console_.TakeListing(line);
}

void StagedRun::TakeStageLine(const std::string& raw) {
  console_.TakeLine(raw);
  const std::optional<DbtLogLine> line = ParseDbtLogLine(raw);
  if (line && !line->invocation_id.empty()) stage_id_ = line->invocation_id;
  if (line && line->name == "LogStartLine") told_.try_emplace(line->node);
  if (line && !line->status.empty()) told_[line->node] = line->status;
}

void StagedRun::CommandExited(int exit_code) {
  is_running_ = false;
  switch (phase_) {
    case Phase::kListing:
      return ListingEnded(exit_code);
    case Phase::kHandedOver:
      exit_code_ = exit_code;
      TellProblem(problem_of_foreign_);
      phase_ = Phase::kEnded;
      return ClearResults();
    default:
      return StageEnded(exit_code);
  }
}

void StagedRun::ListingEnded(int exit_code) {
  // Of a project that is broken dbt says the same as in a run, which is enough.
  if (turns_.is_interrupted() || (exit_code != 0 && listing_.has_told_error())) {
    console_.PrintListing();
    return EndBeforeStages(exit_code);
  }
  // What `dbt retry` repeats is known without a listing.
  const std::string problem =
      listing_.Problem(CommandLine(command_.argv), exit_code,
                       previous_.has_value() || commands_.SilencesEmptiness());
  if (!problem.empty()) return Refuse({problem}, exit_code);
  try {
    manifest_ = listing_.ReadNewManifest(project_.name);
    results_.SetDbtVersion(manifest_.dbt_version);
    Plan();
  } catch (const Error& error) {
    Refuse({error.what()});
  }
}

void StagedRun::Plan() {
  BoundScripts bound =
      BindScripts(manifest_, project_, invocation_, preparation_.environments());
  // With all its scripts, whichever of them a retry leaves out.
  placeholders_.Add(manifest_, bound.nodes);
  StagedPlan plan = MakeStagedPlan(commands_, manifest_, listing_.nodes(),
                                   std::move(bound), previous_ ? &*previous_ : nullptr);
  if (previous_) results_.KeepSuccesses(std::move(plan.kept_successes));
  binds_scripts_ = !plan.bound.nodes.empty();
  problem_of_foreign_ = std::move(plan.problem_of_foreign);
  const bool hands_over = !plan.HasScripts() && plan.bound.problems.empty();
  // dbt itself says again what it said in the listing.
  if (!hands_over) console_.PrintListing();
  for (const std::string& notice : plan.bound.notices) console_.Print(notice);
  if (hands_over) return HandOver();
  if (!plan.bound.problems.empty()) return Refuse(plan.bound.problems);
  if (invocation_.command == "build") AddTestEdges(manifest_.graph);
  state_.KeepFromDeferral(commands_.DeferFolder(), plan.selected);
  for (NodeScripts& of_node : plan.bound.nodes)
    of_node.waits_for_sql = !placeholders_.KnowsSqlOf(of_node.node);
  schedule_ = std::make_unique<StageSchedule>(manifest_.graph, plan.selected,
                                              std::move(plan.bound.nodes));
  preparation_.UseSelection({plan.selected.begin(), plan.selected.end()});
  preparation_.Require(plan.bound.environments, target_folder_ / "manifest.json");
  phase_ = Phase::kPreparing;
  HostIsReady();
}

void StagedRun::HandOver() {
  old_results_ = WrittenAt(RunResultsPath());
  phase_ = Phase::kHandedOver;
  command_ = commands_.AsTyped();
  has_command_ = true;
}

/// Results of an earlier run are none of one without scripts, unless it goes on with that
/// or has not begun.
void StagedRun::ClearResults() {
  if (previous_ || !RunsNodes(invocation_.command)) return;
  if (WrittenAt(RunResultsPath()) == old_results_) return;
  results_.Identify(ReadPreviousRun(target_folder_, false).invocation_id);
  results_.Clear(binds_scripts_);
  turns_.ClearLogs();
}

std::filesystem::path StagedRun::RunResultsPath() const {
  return target_folder_ / "run_results.json";
}

void StagedRun::HostIsReady() {
  if (phase_ != Phase::kPreparing || !preparation_.IsReady()) return;
  const std::vector<std::string> failures = preparation_.Failures();
  if (!failures.empty()) return Refuse(failures);
  Begin();
}

void StagedRun::Refuse(const std::vector<std::string>& problems, int exit_code) {
  console_.PrintListing();
  for (const std::string& problem : problems)
    handlers_.write_error(Text("aft: ", Printable(problem), "\n"));
  exit_code_ = exit_code == 0 ? kNotBegun : exit_code;
  phase_ = Phase::kEnded;
}

void StagedRun::Begin() {
  phase_ = Phase::kRunning;
  const std::size_t stages = schedule_->CountStages();
  report_.Begin(schedule_->size());
  if (manifest_.has_hooks && stages > 1)
    console_.Print(Text("The project's on-run-start and on-run-end run in each of the ",
                        stages, " stages."));
  results_.Clear(true);
  turns_.ClearLogs();
  Advance();
}

void StagedRun::Advance() {
  if (phase_ != Phase::kRunning || is_running_ || has_command_) return;
  StartTurns();
  TellSkipped();
  // A turn may have ended at once, and all have gone on from there.
  if (open_turns_ > 0 || phase_ != Phase::kRunning || has_command_) return;
  const std::vector<std::string> stage = schedule_->TakeStage();
  if (stage.empty()) return Finish();
  stage_.clear();
  compiled_.clear();
  for (const std::string& node : stage) {
    if (manifest_.graph.at(node).is_ephemeral())
      compiled_.push_back(node);
    else
      stage_.insert(node);
  }
  stage_id_.clear();
  report_.BeginStage();
  try {
    command_ =
        commands_.Stage(state_.Select(stage, manifest_.graph, manifest_.dbt_version));
    has_command_ = true;
  } catch (const Error& error) {
    handlers_.write_error(Text("aft: ", error.what(), "\n"));
    StageEnded(kNotBegun);
  }
}

void StagedRun::StartTurns() {
  const auto most = static_cast<std::size_t>(preparation_.threads());
  for (StageSchedule::Turn& turn :
       schedule_->TakeTurns(most - std::min(most, open_turns_))) {
    ++open_turns_;
    const auto found = statuses_.find(turn.node);
    ScriptTurns::NodeStatus status;
    if (found != statuses_.end()) status.after = found->second;
    turns_.Start(std::move(turn.scripts), status, HandlersFor(turn.node));
  }
}

ScriptTurns::Handlers StagedRun::HandlersFor(const std::string& node) {
  return {
      [this](const std::string& line, const char* level) { console_.Print(line, level); },
      [this, node](const std::string& problem) { EndTurn(node, problem); }};
}

void StagedRun::EndTurn(const std::string& node, const std::string& problem) {
  --open_turns_;
  const std::string reason = problem.empty() ? ProblemOfTable(node) : problem;
  schedule_->EndTurn(node, reason.empty());
  if (!reason.empty()) Fail(node, reason);
  Advance();
}

void StagedRun::Fail(const std::string& node, const std::string& problem) {
  report_.AddError(node, problem);
  NodeFailed(node);
}

std::string StagedRun::ProblemOfTable(const std::string& node) {
  return placeholders_.Problem(
      node, [this](const std::string& warning) { console_.Print(warning, "warn"); });
}

/// A node that only compiled has its scripts behind it, or they judge it when they end.
void StagedRun::EndCompiled(bool has_crashed) {
  using Result = StageSchedule::Result;
  for (const std::string& node : std::exchange(compiled_, {})) {
    const std::string problem = ProblemOfTable(node);
    if (!problem.empty()) Fail(node, problem);
    schedule_->EndNode(node, has_crashed       ? Result::kSkipped
                             : problem.empty() ? Result::kSucceeded
                                               : Result::kFailed);
  }
}

void StagedRun::NodeFailed(const std::string& node) {
  exit_code_ = std::max(exit_code_, kSomeFailed);
  if (!invocation_.fails_fast || turns_.is_interrupted()) return;
  const std::string reason = Text("'", node, "' has failed (--fail-fast)");
  turns_.Interrupt("stopped because " + reason);
  Stop("not run because " + reason);
}

void StagedRun::StageEnded(int exit_code) {
  const std::vector<NodeResult> results = report_.TakeStage(stage_id_);
  for (const NodeResult& result : results) EndNode(result);
  const bool has_failed = exit_code != 0 || turns_.is_interrupted();
  // dbt 2 ends with 1, and without results, where dbt 1 ends with 2.
  const bool has_crashed =
      exit_code > kSomeFailed || turns_.is_interrupted() ||
      (has_failed && results.empty() && !ChecksSources(invocation_.command));
  EndTold(has_crashed);
  EndCompiled(has_crashed);
  for (const std::string& node : std::set<std::string>(stage_))
    EndUntold(node, has_failed, has_crashed);
  exit_code_ = std::max(exit_code_, exit_code);
  WriteResults();
  if (has_crashed) Stop("not run because dbt was stopped before");
  Advance();
}

/// A dbt that was killed has written no results, but told of some.
void StagedRun::EndTold(bool has_crashed) {
  for (const auto& [node, status] : std::exchange(told_, {})) {
    if (!stage_.contains(node) || (status.empty() && !has_crashed)) continue;
    if (status.empty())
      report_.AddEnded(node, "dbt was ended while it worked on it");
    else
      report_.Keep({node, status, ""});
    EndNode({node, status.empty() ? "error" : status, ""});
  }
}

void StagedRun::EndUntold(const std::string& node, bool has_failed, bool has_crashed) {
  using Result = StageSchedule::Result;
  stage_.erase(node);
  const bool needs_no_account =
      !has_crashed && MayBeUntold(manifest_.graph.at(node).type);
  const bool is_unchecked = !has_crashed && ChecksSources(invocation_.command);
  if (needs_no_account || is_unchecked || has_failed) {
    report_.CountEnded();
    if (!needs_no_account && !is_unchecked)
      report_.Keep({node, "skipped", "not run because dbt was stopped before"});
    return schedule_->EndNode(node,
                              needs_no_account ? Result::kSucceeded : Result::kSkipped);
  }
  report_.AddError(node, "dbt has not said what became of it");
  schedule_->EndNode(node, Result::kFailed);
  NodeFailed(node);
}

void StagedRun::EndNode(const NodeResult& result) {
  if (stage_.erase(result.node) == 0) return;
  report_.CountEnded();
  statuses_[result.node] = result.status;
  if (IsSuccess(result.status))
    return schedule_->EndNode(result.node, StageSchedule::Result::kSucceeded);
  const bool is_skipped = result.status == "skipped";
  schedule_->EndNode(result.node, is_skipped ? StageSchedule::Result::kSkipped
                                             : StageSchedule::Result::kFailed);
  if (!is_skipped) NodeFailed(result.node);
}

void StagedRun::TellSkipped() {
  for (const StageSchedule::Skipped& skipped : schedule_->TakeSkipped()) {
    turns_.Skip(skipped.scripts, skipped.reason, HandlersFor(skipped.node));
    if (!skipped.built.empty())
      report_.AddError(skipped.built, Text("its scripts did not run: ", skipped.reason));
    // dbt checks no source that has no rule for it.
    if (!ChecksSources(invocation_.command))
      exit_code_ = std::max(exit_code_, kSomeFailed);
    if (!skipped.node.empty()) report_.AddSkipped(skipped.node, skipped.reason);
  }
}

void StagedRun::Stop(const std::string& reason) {
  schedule_->Stop(reason);
  TellSkipped();
}

void StagedRun::Interrupt() {
  is_interrupted_ = true;
  turns_.Interrupt("interrupted");
  if (phase_ == Phase::kPreparing) EndBeforeStages(0);
  if (phase_ != Phase::kRunning) return;
  exit_code_ = std::max(exit_code_, kSomeFailed);
  Stop("not run because the run was interrupted");
  if (std::exchange(has_command_, false))
    for (const std::string& node : std::set<std::string>(stage_))
      EndUntold(node, true, true);
  if (!is_running_) Advance();
}

/// dbt's own words are there already where it was interrupted in its listing.
void StagedRun::EndBeforeStages(int exit_code) {
  if (exit_code == 0)
    handlers_.write_error("aft: interrupted before dbt has built the first node\n");
  exit_code_ = exit_code == 0 ? kSomeFailed : exit_code;
  phase_ = Phase::kEnded;
}

void StagedRun::Finish() {
  Stop("not run because dbt's graph leads in a circle");
  results_.Flush();
  WriteResults();
  const std::string scripts = turns_.Summary();
  if (ChecksSources(invocation_.command))
    console_.Print(scripts);
  else
    report_.Finish(is_interrupted_, scripts);
  if (!results_.problem().empty())
    TellProblem(
        Text("the results of the scripts could not be kept: ", results_.problem()));
  TellProblem(problem_of_foreign_);
  phase_ = Phase::kEnded;
}

/// Tells of a problem, if it is one, with which nothing goes on.
void StagedRun::TellProblem(const std::string& problem) {
  if (problem.empty()) return;
  handlers_.write_error(Text("aft: ", problem, "\n"));
  exit_code_ = std::max(exit_code_, kSomeFailed);
}

void StagedRun::WriteResults() {
  // dbt keeps those of sources in a file of their own, which one stage writes whole.
  if (ChecksSources(invocation_.command)) return;
  // Where dbt had nothing to repeat, its results of before are still what it knows.
  if (previous_ && report_.IsEmpty()) return results_.Identify(previous_->invocation_id);
  try {
    report_.Write(commands_.arguments(), commands_.words());
    results_.Identify(report_.invocation_id());
  } catch (const Error& error) {
    TellProblem(error.what());
  }
}

}  // namespace aft
