// SPDX-License-Identifier: Apache-2.0
// What became of the nodes and the scripts of a run in stages, and what follows from it.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/dbt/node_status.h"
#include "plugin/run/exit_code.h"
#include "plugin/scripts/script_digests.h"
#include "plugin/staged/staged_run.h"

namespace aft {

void StagedRun::EndTurn(const std::string& node, const std::string& problem) {
  if (node.empty()) return EndRunLevel(problem);
  --open_turns_;
  const std::string reason = problem.empty() ? ProblemOfTable(node) : problem;
  const bool has_failed_before = schedule_->AwaitsHooks(node);
  schedule_->EndTurn(node, reason, !results_.HasFailed(node, When::kBefore));
  if (has_failed_before) NodeFailed(node);
  if (!has_failed_before && !reason.empty()) Fail(node, reason);
  // dbt's results say that it failed, and dbt has none of an ephemeral model.
  if (reason.empty() && previous_ && previous_->nodes.contains(node) &&
      manifest_.graph.at(node).is_ephemeral())
    report_.Keep({node, "success", ""});
  Advance();
}

void StagedRun::Fail(const std::string& node, const std::string& problem) {
  schedule_->Selects(node) ? report_.AddError(node, problem)
                           : report_.AddUnlisted(node, problem);
  states_[node].status = "error";
  NodeFailed(node);
}

std::string StagedRun::ProblemOfTable(const std::string& node) {
  return placeholders_.Problem(
      node, [this](const std::string& warning) { console_.Print(warning, "warn"); });
}

/// A node that only compiled has its scripts behind it, or they judge it when they end.
void StagedRun::EndCompiled(bool has_crashed) {
  using Result = StageSchedule::Result;
  for (const std::string& node : stage_.TakeCompiled()) {
    const std::string problem = ProblemOfTable(node);
    if (!problem.empty()) Fail(node, problem);
    schedule_->EndNode(node, has_crashed       ? Result::kSkipped
                             : problem.empty() ? Result::kSucceeded
                                               : Result::kFailed);
  }
}

void StagedRun::NodeFailed(const std::string& node) {
  exit_code_ = std::max(exit_code_, kSomeFailed);
  const bool goes_on = !invocation_.fails_fast || schedule_->AwaitsHooks(node);
  if (goes_on || turns_.is_interrupted()) return;
  const std::string reason = Text("'", node, "' has failed (--fail-fast)");
  turns_.Interrupt("stopped because " + reason);
  Stop("not run because " + reason);
}

void StagedRun::StageEnded(int exit_code) {
  const std::vector<NodeResult> results = report_.TakeStage(stage_.id());
  for (const NodeResult& result : results) EndNode(result);
  const bool has_failed = exit_code != 0 || turns_.is_interrupted();
  // dbt 2 ends with 1, and without results, where dbt 1 ends with 2.
  const bool has_crashed =
      exit_code > kSomeFailed || turns_.is_interrupted() ||
      (has_failed && results.empty() && !ChecksSources(invocation_.command));
  EndTold(has_crashed);
  EndCompiled(has_crashed);
  for (const std::string& node : std::set<std::string>(stage_.nodes()))
    EndUntold(node, has_failed, has_crashed);
  exit_code_ = std::max(exit_code_, exit_code);
  Warn(KeepDigestsAlsoFor(stage_.id(), manifest_.id, target_folder_));
  WriteResults();
  if (has_crashed) Stop("not run because dbt was stopped before");
  Advance();
}

/// A dbt that was killed has written no results, but told of some.
void StagedRun::EndTold(bool has_crashed) {
  for (const auto& [node, status] : stage_.TakeTold()) {
    if (!stage_.nodes().contains(node) || (status.empty() && !has_crashed)) continue;
    if (status.empty())
      report_.AddEnded(node, "dbt was ended while it worked on it");
    else
      report_.Keep({node, status, ""});
    EndNode({node, status.empty() ? "error" : status, ""});
  }
}

void StagedRun::EndUntold(const std::string& node, bool has_failed, bool has_crashed) {
  using Result = StageSchedule::Result;
  stage_.Remove(node);
  const bool needs_no_account = !has_crashed && manifest_.graph.at(node).may_be_untold();
  const bool is_unchecked = !has_crashed && ChecksSources(invocation_.command);
  if (needs_no_account || is_unchecked || has_failed) {
    report_.CountEnded();
    if (!needs_no_account && !is_unchecked)
      report_.Keep({node, "skipped", "not run because dbt was stopped before"});
    return schedule_->EndNode(node,
                              needs_no_account ? Result::kSucceeded : Result::kSkipped);
  }
  schedule_->EndNode(node, Result::kFailed);
  Fail(node, "dbt has not said what became of it");
}

void StagedRun::EndNode(const NodeResult& result) {
  if (!stage_.Remove(result.node)) return;
  report_.CountEnded();
  states_[result.node] = {result.status, result.adapter_response};
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

}  // namespace aft
