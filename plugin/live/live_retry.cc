// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/live_retry.h"

#include <optional>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/joined_lines.h"
#include "plugin/dbt/node_status.h"
#include "plugin/dbt/run_results.h"
#include "plugin/scripts/console.h"

namespace aft {

std::string ProblemOfUnansweredRetry(const PreviousRun& previous, int exit_code) {
  if (!previous.problem.empty()) return previous.problem;
  const std::string problem = ProblemOfEmptyResults(previous);
  return problem.empty() && exit_code == 0 ? kUntoldFlags : problem;
}

LiveRetry::LiveRetry(PreviousRun previous, Parts parts, Print print)
    : previous_(std::move(previous)), parts_(parts), print_(std::move(print)) {}

std::string LiveRetry::Bind(const Graph& graph, std::vector<NodeScripts>& bound) {
  std::string problem = ProblemOfRepeating(bound, previous_, graph);
  std::vector<NodeScripts> left = LeftScripts(bound, previous_);
  for (const NodeScripts& of_node : left)
    if (const auto node = graph.find(of_node.node); node != graph.end())
      labels_[of_node.node] =
          Text(node->second.type, " ", node->second.name, " (", node->second.file, ")");
  scripts_ = RetriedScripts(graph, std::move(left));
  unreached_ = ScriptsOfUnreached(bound, previous_);
  FindUnbuilt(graph);
  if (problem.empty()) problem_of_foreign_ = ProblemOfForeign(bound, previous_);
  parts_.results.KeepSuccesses(KeptSuccesses(bound, previous_), previous_.written);
  std::erase_if(bound, [](const NodeScripts& of_node) {
    return of_node.is_ephemeral || of_node.is_alone;
  });
  return problem;
}

void LiveRetry::FindUnbuilt(const Graph& graph) {
  for (const std::string& id : scripts_.WaitingNodes()) {
    const auto found = graph.find(id);
    const bool is_left =
        previous_.unreached.contains(id) && !previous_.nodes.contains(id);
    if (is_left && found != graph.end() && found->second.type == "model" &&
        !found->second.is_ephemeral())
      unbuilt_.push_back(id);
  }
}

void LiveRetry::RunFor(const std::string& node, const Print& print,
                       const OnDone& on_done) {
  scripts_.RunFor(node, StartWith(print), on_done);
}

void LiveRetry::RunAbove(const std::string& node, const Print& print,
                         const OnDone& on_done) {
  scripts_.RunAbove(node, StartWith(print), on_done);
}

RetriedScripts::Start LiveRetry::StartWith(const Print& print) {
  return [this, print](const NodeScripts& scripts, OnDone on_ended) {
    parts_.turns.Start(scripts.scripts, {"success"}, {print, std::move(on_ended)});
  };
}

void LiveRetry::RunRest(const std::string& problem, bool has_begun) {
  problem_ = problem;
  if (!has_begun) {
    KeepPreviousResults();
    RecordUnreached();
  }
  if (!HasRest()) return;
  is_preparing_ = true;
  HostIsReady();
}

void LiveRetry::HostIsReady() {
  if (!is_preparing_ || (problem_.empty() && !parts_.preparation.IsReady())) return;
  is_preparing_ = false;
  if (problem_.empty()) problem_ = JoinedLines(parts_.preparation.Failures());
  if (!problem_.empty()) return Skip(problem_);
  std::set<std::string> failed;
  for (const NodeResult& result : ReadRunResults(RunResultsPath(), parts_.invocation_id))
    if (!IsSuccess(result.status)) failed.insert(result.node);
  parts_.run_level.RunBefore({print_, [this, failed](const std::string& problem) {
                                if (problem.empty()) return RunNext(failed);
                                Skip(problem);
                              }});
}

/// dbt has put results without entries in the place of those that it was to repeat. It
/// would not find these the next time.
void LiveRetry::KeepPreviousResults() {
  try {
    WriteAtomically(RunResultsPath(), previous_.document);
  } catch (const Error& error) {
    problem_ = error.what();
  }
  parts_.results.Identify(previous_.invocation_id);
  parts_.results.Clear(true);
  parts_.turns.ClearLogs();
}

void LiveRetry::RunNext(const std::set<std::string>& failed) {
  const std::optional<NodeScripts> next = scripts_.TakeNext(failed);
  if (!next) return RunAfter();
  run_last_.insert(next->node);
  const auto go_on = [this, failed, node = next->node](const std::string& problem) {
    std::set<std::string> kept_back = failed;
    if (!problem.empty()) kept_back.insert(node);
    // What is skipped is no failure that counts by itself.
    if (parts_.turns.is_interrupted() && problem_.empty()) problem_ = problem;
    RunNext(kept_back);
  };
  parts_.turns.Start(next->scripts, {"success"}, {print_, go_on});
}

/// Those after the run, whatever became of the rest.
void LiveRetry::RunAfter() {
  SkipLeft("what is above it has failed");
  parts_.run_level.RunAfter({print_, [](const std::string&) {}});
}

void LiveRetry::Skip(const std::string& reason) {
  SkipLeft(reason);
  if (HasRest() && problem_.empty())
    problem_ = Text("run-level scripts that are to be repeated did not run: ", reason);
  parts_.run_level.Skip(reason, {print_, {}});
}

void LiveRetry::SkipLeft(const std::string& reason) {
  if (scripts_.HasLeft() && problem_.empty())
    problem_ = Text("scripts that are to be repeated did not run: ", reason);
  for (const NodeScripts& left : scripts_.TakeLeft())
    parts_.turns.Skip(left.scripts, reason, {print_, {}});
}

std::vector<std::string> LiveRetry::Failures() const {
  std::vector<std::string> lines;
  for (const auto& [node, problem] : scripts_.UntoldFailures()) {
    lines.push_back("Failure in " + labels_.at(node));
    lines.push_back("  " + Printable(problem));
  }
  return lines;
}

void LiveRetry::RecordUnreached() {
  if (std::exchange(has_recorded_unreached_, true)) return;
  parts_.results.AddUnreached(previous_.unreached);
  for (const NodeScripts& of_node : unreached_)
    for (const Script& script : of_node.scripts)
      parts_.results.Skip(script, "not run, because dbt had not come to its node");
}

std::vector<std::string> LiveRetry::Problems() const {
  std::vector<std::string> problems;
  if (!problem_.empty()) problems.push_back(problem_);
  if (!problem_of_foreign_.empty()) problems.push_back(problem_of_foreign_);
  // dbt compiles nothing any more by then.
  for (const std::string& node : parts_.results.unjudged())
    if (run_last_.contains(node))
      problems.push_back(Text(
          "cannot tell whether '", NameIn(node), "' selects from the table that its ",
          "scripts have written, because 'dbt retry' does not compile it; run ",
          CommandFor({node}, previous_.call)));
  if (!has_recorded_unreached_) return problems;
  std::vector<std::string> nodes;
  nodes.reserve(unreached_.size());
  for (const NodeScripts& of_node : unreached_) nodes.push_back(of_node.node);
  const auto left = [](std::size_t count) {
    return Text("the run that dbt repeats ended before it came to ",
                count == 1 ? "this node, and 'dbt retry' leaves it"
                           : "these nodes, and 'dbt retry' leaves them",
                " out; run ");
  };
  if (!nodes.empty())
    problems.push_back(Text("the scripts of ", NamesIn(nodes), " did not run: ",
                            left(nodes.size()), CommandFor(nodes, previous_.call)));
  if (!unbuilt_.empty())
    problems.push_back(Text(NamesIn(unbuilt_), unbuilt_.size() == 1 ? " was" : " were",
                            " not built on what scripts have written: ",
                            left(unbuilt_.size()), CommandFor(unbuilt_, previous_.call)));
  return problems;
}

void LiveRetry::Interrupt() {
  if (std::exchange(is_preparing_, false)) Skip("interrupted");
}

std::filesystem::path LiveRetry::RunResultsPath() const {
  return parts_.target_folder / "run_results.json";
}

}  // namespace aft
