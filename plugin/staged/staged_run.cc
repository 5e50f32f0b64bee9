// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/staged_run.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/dbt/command_line.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/run/exit_code.h"
#include "plugin/scripts/script_digests.h"
#include "plugin/staged/staged_plan.h"

namespace aft {

StagedRun::StagedRun(EventLoop& loop, ScriptHost& host, Setup setup, RunOutput output)
    : project_(std::move(setup.project)),
      commands_(std::move(setup.commands)),
      state_(std::move(setup.private_folder)),
      invocation_(std::move(setup.invocation)),
      previous_(std::move(setup.previous)),
      choice_(std::move(setup.choice)),
      output_(std::move(output)),
      target_folder_(TargetFolder(project_, invocation_.target_folder)),
      console_(DbtConsole::OptionsOf(invocation_),
               [this](const std::string& text) { output_.write_output(text); }),
      script_console_(invocation_.printer_width, invocation_.use_colors),
      results_(loop, target_folder_,
               Results::Metadata::Of(invocation_, choice_.selects_nodes)),
      preparation_(host, project_, invocation_, target_folder_),
      turns_(loop, host, script_console_, results_, target_folder_ / "aft" / "logs"),
      run_level_(turns_),
      placeholders_(results_, target_folder_),
      report_(console_, manifest_, target_folder_ / "run_results.json"),
      listing_(target_folder_ / "manifest.json"),
      command_(commands_.Listing()),
      has_command_(choice_.selects_nodes) {
  run_level_.Expect(std::move(setup.run_level));
  if (previous_) run_level_.Repeat(*previous_);
  preparation_.WarmUp(setup.warm_up);
  if (has_command_) return;
  listing_.LeaveOut();
  ListingEnded(0);
}

Run::Next StagedRun::NextStep() {
  if (std::exchange(has_command_, false)) {
    is_running_ = true;
    return Next::kStart;
  }
  return phase_ == Phase::kEnded && turns_.IsIdle() ? Next::kEnd : Next::kWait;
}

void StagedRun::TakeLine(const std::string& line) {
  if (phase_ != Phase::kListing) {
    console_.TakeLine(line);
    return stage_.TakeLine(line);
  }
  if (!listing_.Take(line)) console_.TakeListing(line);
}

void StagedRun::CommandExited(int exit_code) {
  is_running_ = false;
  switch (phase_) {
    case Phase::kListing:
      return ListingEnded(exit_code);
    case Phase::kHandedOver:
      exit_code_ = exit_code;
      if (digests_)
        Warn(digests_->Keep(!manifest_.nodes.empty(), [&] { return invocation_; }));
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
  // With all its scripts, whichever of them a retry or the selection leaves out.
  placeholders_.Add(manifest_, bound.nodes);
  if (const std::string problem =
          KeepDigests(manifest_, project_, invocation_, target_folder_);
      !problem.empty())
    bound.notices.push_back("warning: " + problem);
  choice_.Apply(bound, results_);
  StagedPlan plan = MakeStagedPlan(commands_, manifest_, listing_.nodes(),
                                   std::move(bound), previous_ ? &*previous_ : nullptr);
  if (previous_)
    results_.KeepSuccesses(std::move(plan.kept_successes), previous_->written);
  concurrency_ = manifest_.admits_one_process ? 1 : plan.bound.concurrency;
  problem_of_foreign_ = std::move(plan.problem_of_foreign);
  states_ = LastStates(plan.bound.nodes, RunResultsPath());
  const bool repeats_run_level = previous_ && previous_->has_run_level;
  if (!choice_.selects_nodes || !plan.selected.empty() || repeats_run_level)
    run_level_.Bind(project_, invocation_, preparation_.environments(), plan.bound);
  const bool hands_over =
      !plan.HasScripts() && run_level_.empty() && plan.bound.problems.empty();
  // dbt itself says again what it said in the listing.
  if (!hands_over) console_.PrintListing();
  for (const std::string& notice : plan.bound.notices) console_.Print(notice);
  if (hands_over) return HandOver(std::move(plan.bound.nodes));
  if (!plan.bound.problems.empty()) return Refuse(plan.bound.problems);
  if (invocation_.command == "build") AddTestEdges(manifest_.graph);
  state_.KeepFromDeferral(commands_.DeferFolder(project_), plan.selected);
  for (NodeScripts& of_node : plan.bound.nodes)
    of_node.waits_for_sql = !placeholders_.KnowsSqlOf(of_node.node);
  schedule_ = std::make_unique<StageSchedule>(manifest_.graph, plan.selected,
                                              std::move(plan.bound.nodes));
  preparation_.UseSelection({plan.selected.begin(), plan.selected.end()});
  preparation_.Require(plan.bound.environments,
                       state_.KeepManifest(target_folder_ / "manifest.json"));
  phase_ = Phase::kPreparing;
  HostIsReady();
}

void StagedRun::HandOver(std::vector<NodeScripts> unlisted) {
  handed_over_.emplace(RunResultsPath(), std::move(unlisted));
  digests_.emplace(project_, target_folder_);
  phase_ = Phase::kHandedOver;
  command_ = commands_.AsTyped();
  has_command_ = true;
}

/// Results of an earlier run are none of one without scripts, unless it goes on with that
/// or has not begun.
void StagedRun::ClearResults() {
  if (previous_ || !RunsNodes(invocation_.command)) return;
  if (!handed_over_ || !handed_over_->HasResults()) return;
  results_.Identify(ReadPreviousRun(target_folder_, false).invocation_id);
  results_.Clear(handed_over_->BindsScripts());
  turns_.ClearLogs();
  TellProblem(handed_over_->Problem());
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
    output_.write_error(Text("aft: ", Printable(problem), "\n"));
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
  ++open_turns_;
  run_level_.RunBefore(HandlersFor(""));
}

void StagedRun::EndRunLevel(const std::string& problem) {
  --open_turns_;
  if (!problem.empty()) {
    exit_code_ = std::max(exit_code_, kSomeFailed);
    Stop("not run because a run-level script failed");
  }
  Advance();
}

void StagedRun::Advance() {
  if (phase_ != Phase::kRunning || is_running_ || has_command_) return;
  StartTurns();
  TellSkipped();
  // A turn may have ended at once, and all have gone on from there.
  if (open_turns_ > 0 || phase_ != Phase::kRunning || has_command_) return;
  const std::vector<std::string> stage = schedule_->TakeStage();
  if (stage.empty() && run_level_.empty()) return Finish();
  if (stage.empty()) {
    ++open_turns_;
    return run_level_.RunAfter(HandlersFor(""));
  }
  stage_.Begin(stage, manifest_.graph);
  report_.BeginStage();
  try {
    command_ =
        commands_.Stage(state_.Select(stage, manifest_.graph, manifest_.dbt_version));
    has_command_ = true;
  } catch (const Error& error) {
    output_.write_error(Text("aft: ", error.what(), "\n"));
    StageEnded(kNotBegun);
  }
}

void StagedRun::StartTurns() {
  std::vector<StageSchedule::Turn> turns = schedule_->TakeTurns();
  if (turns.empty()) return;
  turns_.AllowAtOnce(0);
  for (StageSchedule::Turn& turn : turns) {
    ++open_turns_;
    const auto state = states_.try_emplace(turn.node, NodeState{"success"}).first;
    ScriptTurns::Handlers handlers = HandlersFor(turn.node);
    handlers.on_left = [this, node = turn.node](std::vector<Script> scripts) {
      --open_turns_;
      schedule_->GiveBack({node, std::move(scripts)});
    };
    turns_.Start(std::move(turn.scripts), state->second, std::move(handlers));
  }
  const int threads = preparation_.threads();
  turns_.AllowAtOnce(
      static_cast<std::size_t>(std::min(threads, concurrency_.value_or(threads))));
}

ScriptTurns::Handlers StagedRun::HandlersFor(const std::string& node) {
  return {
      [this](const std::string& line, const char* level) { console_.Print(line, level); },
      [this, node](const std::string& problem) { EndTurn(node, problem); }};
}

void StagedRun::Interrupt() {
  is_interrupted_ = true;
  turns_.Interrupt("interrupted");
  if (phase_ == Phase::kPreparing) EndBeforeStages(0);
  if (phase_ != Phase::kRunning) return;
  exit_code_ = std::max(exit_code_, kSomeFailed);
  Stop("not run because the run was interrupted");
  if (std::exchange(has_command_, false))
    for (const std::string& node : std::set<std::string>(stage_.nodes()))
      EndUntold(node, true, true);
  if (!is_running_) Advance();
}

/// dbt's own words are there already where it was interrupted in its listing.
void StagedRun::EndBeforeStages(int exit_code) {
  if (exit_code == 0)
    output_.write_error("aft: interrupted before dbt has built the first node\n");
  exit_code_ = exit_code == 0 ? kSomeFailed : exit_code;
  phase_ = Phase::kEnded;
}

void StagedRun::Finish() {
  Stop("not run because dbt's graph leads in a circle");
  placeholders_.NoteUnjudged();
  results_.Flush();
  WriteResults();
  ChecksSources(invocation_.command) ? console_.Print(turns_.Summary())
                                     : report_.Finish(is_interrupted_, turns_.Summary());
  if (!results_.problem().empty())
    TellProblem(
        Text("the results of the scripts could not be kept: ", results_.problem()));
  TellProblem(problem_of_foreign_);
  phase_ = Phase::kEnded;
}

void StagedRun::Warn(const std::string& problem) const {
  if (!problem.empty()) output_.write_error(Text("aft: warning: ", problem, "\n"));
}

/// Tells of a problem, if it is one, with which nothing goes on.
void StagedRun::TellProblem(const std::string& problem) {
  if (problem.empty()) return;
  output_.write_error(Text("aft: ", problem, "\n"));
  exit_code_ = std::max(exit_code_, kSomeFailed);
}

void StagedRun::WriteResults() {
  // dbt keeps those of sources in a file of their own, which one stage writes whole.
  if (ChecksSources(invocation_.command)) return;
  // Where dbt had nothing to repeat, its results of before are still what it knows.
  if (previous_ && report_.IsEmpty()) return results_.Identify(previous_->invocation_id);
  if (!choice_.selects_nodes) return;
  try {
    report_.Write(commands_.arguments(), commands_.words());
    results_.Identify(report_.invocation_id());
  } catch (const Error& error) {
    TellProblem(error.what());
  }
}

}  // namespace aft
