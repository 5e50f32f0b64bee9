// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugin/live/retried_scripts.h"
#include "plugin/project/graph.h"
#include "plugin/scripts/bound_scripts.h"
#include "plugin/scripts/previous_run.h"
#include "plugin/scripts/results.h"
#include "plugin/scripts/run_level_scripts.h"
#include "plugin/scripts/script_turns.h"
#include "plugin/workers/host_preparation.h"

namespace aft {

/// For a `dbt retry` whose dbt does not say how the run that it repeats was called.
inline constexpr const char* kUntoldFlags =
    "cannot run scripts: this dbt has not told how the run that it repeats was called; "
    "run that command again instead";

/// What people are told of a `dbt retry` of `previous` of which nothing was heard, and
/// that ended with `exit_code`; or "".
std::string ProblemOfUnansweredRetry(const PreviousRun& previous, int exit_code);

/// `dbt retry` that is followed from inside: repeats the scripts of ephemeral models, to
/// which dbt itself comes back after `--fail-fast` only. They run before what is below
/// them; what nothing that dbt repeats is below runs when dbt has ended.
class LiveRetry {
 public:
  using Print = std::function<void(const std::string& line, const char* level)>;
  using OnDone = RetriedScripts::OnDone;

  /// Of the run that is followed; all outlive this object.
  struct Parts {
    const std::filesystem::path& target_folder;
    const std::string& invocation_id;
    HostPreparation& preparation;
    Results& results;
    ScriptTurns& turns;
    RunLevelScripts& run_level;
  };

  /// `print` is for when dbt has ended.
  LiveRetry(PreviousRun previous, Parts parts, Print print);

  /// Takes the ephemeral models out of `bound`, and finds out what is left of them. Gives
  /// the problem where that is not known, or "".
  [[nodiscard]] std::string Bind(const Graph& graph, std::vector<NodeScripts>& bound);

  [[nodiscard]] const PreviousRun& previous() const { return previous_; }
  /// Of scripts, in the run that is repeated.
  [[nodiscard]] const ScriptChoice& choice() const { return previous_.choice; }

  /// The nodes that must wait for RunFor().
  [[nodiscard]] std::vector<std::string> WaitingNodes() const {
    return scripts_.WaitingNodes();
  }

  /// Runs what `node` waits for and has not run; `on_done` gets a problem, or "".
  void RunFor(const std::string& node, const Print& print, const OnDone& on_done);
  /// The same without the node's own scripts, before dbt begins it.
  void RunAbove(const std::string& node, const Print& print, const OnDone& on_done);

  /// Lines for people about models whose scripts have failed, and that dbt does not list.
  [[nodiscard]] std::vector<std::string> Failures() const;
  /// A line for people, when dbt has ended.
  void Tell(const std::string& line) const { print_(line, "info"); }
  /// dbt has ended: runs what is left, unless there is a `problem`. Where dbt had nothing
  /// to repeat, it has not begun.
  void RunRest(const std::string& problem, bool has_begun);
  /// Nothing more runs.
  void Skip(const std::string& reason);
  void HostIsReady();
  void Interrupt();

  /// Whether scripts of models have not run.
  [[nodiscard]] bool HasLeft() const { return scripts_.HasLeft(); }
  /// Whether any scripts are to run when dbt has ended.
  [[nodiscard]] bool HasRest() const {
    return HasLeft() || (previous_.has_run_level && !parts_.run_level.empty());
  }
  /// Whether it ends with scripts that a further retry has to know of.
  [[nodiscard]] bool HasUnreached() const { return !unreached_.empty(); }
  /// Records the scripts of nodes that a retry which has begun can't come to.
  void RecordUnreached();
  /// Whether the rest is about to run.
  [[nodiscard]] bool IsPreparing() const { return is_preparing_; }
  /// Why scripts did not run, a sentence each.
  [[nodiscard]] std::vector<std::string> Problems() const;

 private:
  [[nodiscard]] RetriedScripts::Start StartWith(const Print& print);
  void KeepPreviousResults();
  void FindUnbuilt(const Graph& graph);
  void RunNext(const std::set<std::string>& failed);
  void RunAfter();
  void SkipLeft(const std::string& reason);
  [[nodiscard]] std::filesystem::path RunResultsPath() const;

  PreviousRun previous_;
  Parts parts_;
  Print print_;
  RetriedScripts scripts_;
  std::vector<NodeScripts> unreached_;  ///< of nodes that dbt does not come back to
  /// Models that dbt does not come back to, and that are below scripts which run now.
  std::vector<std::string> unbuilt_;
  std::map<std::string, std::string> labels_;  ///< of models whose scripts it repeats
  std::set<std::string> run_last_;  ///< models whose scripts ran when dbt had ended
  bool has_recorded_unreached_ = false;
  std::string problem_of_foreign_;  ///< that scripts of another run are not repeated
  bool is_preparing_ = false;
  std::string problem_;  ///< why the rest can't run
};

}  // namespace aft
