// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/json/fwd.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host_shim/fd.h"
#include "plugin/base/event_loop.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/script.h"
#include "plugin/scripts/outcome.h"

namespace aft {

/// What became of each script of a run, kept in <target>/aft.
///
/// results.json is whole at every moment: a change is written to a draft beside it,
/// synced and renamed over it. With many scripts that takes long, so it is then done at
/// intervals that keep it to a small part of the time. journal.jsonl has every change at
/// once: the run's metadata, and then the changed entry, a JSON object a line. Those of
/// `source freshness` are sources.json and sources_journal.jsonl, and those of scripts
/// that run without dbt scripts.json and scripts_journal.jsonl.
class Results {
 public:
  enum class Status { kRunning, kSuccess, kError, kSkipped };

  struct Metadata {
    std::string dbt_version;
    std::string command;           ///< dbt's subcommand
    std::string invocation_id;     ///< of dbt's run_results.json for the same run
    std::string arguments = "{}";  ///< how the run was called: DbtInvocation::arguments
    bool runs_dbt = true;          ///< and not only scripts

    static Metadata Of(const DbtInvocation& invocation, bool runs_dbt = true);
  };

  using Time = std::chrono::system_clock::time_point;

  /// Nothing is written before the first script. `loop` outlives this object. `now` tells
  /// the time of day.
  Results(EventLoop& loop, const std::filesystem::path& target_folder, Metadata metadata,
          std::function<Time()> now = std::chrono::system_clock::now);
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;
  ~Results();

  void Start(const Script& script);
  void Finish(const Script& script, const Outcome& outcome);
  void Skip(const Script& script, const std::string& reason);
  /// What has run for `node` turns out to be a failure after all, in the run that this
  /// one repeats, too.
  void FailAll(const std::string& node, const std::string& message);

  /// For when the version is known later than the rest.
  void SetDbtVersion(const std::string& version) { metadata_.dbt_version = version; }

  /// Replaces the files of an earlier run by ones without entries. A run without scripts
  /// makes none where there were none.
  void Clear(bool has_scripts);

  /// Notes scripts, by id, with their nodes, that succeeded in the run that this one
  /// repeats, and are left alone now: a further retry has to know. They have written the
  /// tables of the nodes `written`.
  void KeepSuccesses(std::map<std::string, std::string> scripts,
                     std::set<std::string> written) {
    succeeded_before_ = std::move(scripts);
    written_before_ = std::move(written);
  }

  /// Whether scripts that are left alone now have written the table of `node`.
  [[nodiscard]] bool HasWrittenBefore(const std::string& node) const {
    return written_before_.contains(node);
  }

  /// Notes nodes of which it is not known whether dbt reads what their scripts have
  /// written: their successes are none to a retry.
  void SetUnjudged(std::set<std::string> nodes);
  [[nodiscard]] const std::set<std::string>& unjudged() const { return unjudged_; }

  /// Notes the scripts, by id, that a selection by their names takes, and those of them
  /// that run without their nodes.
  void KeepChoice(std::set<std::string> scripts, std::set<std::string> alone) {
    chosen_ = std::move(scripts);
    alone_ = std::move(alone);
  }

  /// Notes nodes, by unique id, of which dbt has no result because it ended before: its
  /// retry does not come to them either.
  void AddUnreached(std::set<std::string> nodes) { unreached_.merge(nodes); }

  /// For when dbt's id of the run was not known before.
  void Identify(const std::string& invocation_id);

  /// Brings results.json up to date.
  void Flush();

  /// Why the files are not, or were not at some time, what they should be; empty without
  /// a reason. A run does not end because of that.
  [[nodiscard]] const std::string& problem() const { return problem_; }

  struct Ended {
    Script script;
    Outcome outcome;
  };
  /// The scripts of `node` that have run, in their order, and how.
  [[nodiscard]] std::vector<Ended> EndedOf(const std::string& node) const;
  /// Whether a script of `node` that ran at `when` has failed.
  [[nodiscard]] bool HasFailed(const std::string& node, When when) const;

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] int Count(Status status) const;
  [[nodiscard]] bool HasHooks() const;

  /// Seconds since `script` started.
  [[nodiscard]] double SecondsSinceStart(const Script& script) const;

 private:
  struct Entry {
    Script script;
    Status status;
    Time started;
    Time finished;
    Outcome outcome;
    EventLoop::Clock::time_point start;  ///< as `started`, by a clock that nobody sets
  };

  Entry& Find(const Script& script);
  void SetStatus(Entry& entry, Status status);
  template <typename Work>
  void Attempt(const Work& work);
  void Record(const Entry& entry);
  void AppendToJournal(const Entry& entry);
  void ReplaceInTime();
  void Replace();
  void MakeFolder() const;
  [[nodiscard]] boost::json::object MetadataJson() const;
  [[nodiscard]] std::string Json() const;

  EventLoop& loop_;
  std::filesystem::path folder_;
  std::string file_;
  std::string journal_file_;
  Metadata metadata_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> places_;  ///< in entries_, by script id
  std::array<int, 4> counts_{};                          ///< of entries, by status
  Fd journal_;
  std::function<Time()> now_;
  std::map<std::string, std::string> succeeded_before_;
  std::set<std::string> written_before_;
  std::set<std::string> unjudged_;
  std::set<std::string> unreached_;
  std::optional<std::set<std::string>> chosen_;
  std::set<std::string> alone_;
  bool is_kept_ = false;  ///< in a file
  std::string problem_;
  EventLoop::Clock::time_point next_replacement_;
  std::optional<EventLoop::TimerId> timer_;
};

}  // namespace aft
