// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/staged_run.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
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
      listing_.Problem(CommandLine(command_), exit_code,
                       previous_.has_value() || commands_.SilencesEmptiness());
  if (!problem.empty()) return Refuse({problem}, exit_code);
  try {
    manifest_ = listing_.ReadNewManifest();
    results_.SetDbtVersion(manifest_.dbt_version);
    Plan();
  } catch (const Error& error) {
    Refuse({error.what()});
  }
}

void StagedRun::Plan() {
  StagedPlan plan = MakeStagedPlan(
      commands_, manifest_, listing_.nodes(),
      BindScripts(manifest_, project_, invocation_, preparation_.environments()),
      previous_ ? &*previous_ : nullptr);
  binds_scripts_ = !plan.bound.nodes.empty();
  if (previous_ && previous_->has_foreign_scripts) console_.Print(kForeignScripts);
  if (!plan.HasScripts() && plan.bound.problems.empty()) return HandOver();
  console_.PrintListing();
  for (const std::string& notice : plan.bound.notices) console_.Print(notice);
  if (!plan.bound.problems.empty()) return Refuse(plan.bound.problems);
  if (invocation_.command == "build") AddTestEdges(manifest_.graph);
  state_.KeepFromDeferral(commands_.DeferFolder(), plan.selected);
  schedule_ = std::make_unique<StageSchedule>(manifest_.graph, plan.selected,
                                              std::move(plan.bound.nodes));
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
  stage_ = {stage.begin(), stage.end()};
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
  schedule_->EndTurn(node, problem.empty());
  if (!problem.empty()) {
    report_.AddError(node, problem);
    NodeFailed(node);
  }
  Advance();
}

void StagedRun::NodeFailed(const std::string& node) {
  exit_code_ = std::max(exit_code_, kSomeFailed);
  if (!invocation_.fails_fast || turns_.is_interrupted()) return;
  const std::string reason = Text("'", node, "' has failed (--fail-fast)");
  turns_.Interrupt("stopped, for " + reason);
  Stop("not run, for " + reason);
}

void StagedRun::StageEnded(int exit_code) {
  const std::vector<NodeResult> results = report_.TakeStage();
  for (const NodeResult& result : results) EndNode(result);
  const bool has_failed = exit_code != 0 || turns_.is_interrupted();
  // dbt 2 ends with 1, and without results, where dbt 1 ends with 2.
  const bool has_crashed =
      exit_code > kSomeFailed || turns_.is_interrupted() ||
      (has_failed && results.empty() && !ChecksSources(invocation_.command));
  EndTold(has_crashed);
  for (const std::string& node : std::set<std::string>(stage_))
    EndUntold(node, has_failed, has_crashed);
  exit_code_ = std::max(exit_code_, exit_code);
  WriteResults();
  if (has_crashed) Stop("not run, for dbt was stopped before");
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
      report_.Keep({node, "skipped", "not run, for dbt was stopped before"});
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
  Stop("not run, for the run was interrupted");
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
  Stop("not run, for dbt's graph leads in a circle");
  results_.Flush();
  WriteResults();
  const std::string scripts = turns_.Summary();
  if (ChecksSources(invocation_.command))
    console_.Print(scripts);
  else
    report_.Finish(is_interrupted_, scripts);
  if (!results_.problem().empty()) {
    handlers_.write_error(Text(
        "aft: the results of the scripts could not be kept: ", results_.problem(), "\n"));
    exit_code_ = std::max(exit_code_, kSomeFailed);
  }
  phase_ = Phase::kEnded;
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
    handlers_.write_error(Text("aft: ", error.what(), "\n"));
    exit_code_ = std::max(exit_code_, kSomeFailed);
  }
}

}  // namespace aft
