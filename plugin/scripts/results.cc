// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/results.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "host_shim/error.h"
#include "host_shim/fd.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_text.h"
#include "plugin/base/utc_time.h"
#include "plugin/dbt/dbt_command.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const char* Word(Results::Status status) {
  switch (status) {
    case Results::Status::kRunning:
      return "running";
    case Results::Status::kSuccess:
      return "success";
    case Results::Status::kError:
      return "error";
    case Results::Status::kSkipped:
      return "skipped";
  }
  return "";
}

/// Null for a time that never was.
json::value Timestamp(Results::Time time) {
  return time == Results::Time{} ? json::value() : json::value(UtcTimestamp(time));
}

/// A file of this run's own in the place of whatever is there, so that another run in the
/// same folder goes on with its own.
Fd NewFile(const fs::path& path) {
  Fd file;
  do {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) break;
    file = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  } while (!file.IsOpen() && errno == EEXIST);
  if (!file.IsOpen())
    throw Error(Text("cannot write '", path.native(), "': ", std::strerror(errno)));
  return file;
}

// The part of the time that may go into replacing results.json, as one in so many.
constexpr int kShare = 20;

json::object EntryJson(const Script& script, const char* status, Results::Time started,
                       Results::Time finished, const Outcome& outcome) {
  return {
      {"unique_id", script.id},
      {"node", script.node},
      {"path", script.name},
      {"when", Name(script.when)},
      {"status", status},
      {"started_at", Timestamp(started)},
      {"finished_at", Timestamp(finished)},
      {"seconds",
       {{"read", outcome.seconds_reading},
        {"compute", outcome.seconds_computing},
        {"write", outcome.seconds_writing}}},
      {"rows", {{"read", outcome.rows_read}, {"written", outcome.rows_written}}},
      {"bytes", {{"read", outcome.bytes_read}, {"written", outcome.bytes_written}}},
      {"tries", outcome.tries},
      {"peak_memory", outcome.peak_memory},
      {"wrote_model", outcome.has_written},
      {"message", outcome.message},
  };
}

}  // namespace

Results::Metadata Results::Metadata::Of(const DbtInvocation& invocation, bool runs_dbt) {
  return {invocation.dbt_version, invocation.command, invocation.id, invocation.arguments,
          runs_dbt};
}

Results::Results(EventLoop& loop, const fs::path& target_folder, Metadata metadata,
                 std::function<Time()> now)
    : loop_(loop),
      folder_(target_folder / "aft"),
      metadata_(std::move(metadata)),
      now_(std::move(now)) {
  // As with dbt's own results, those of nodes are left to `dbt retry`.
  const char* of = !metadata_.runs_dbt                ? "scripts"
                   : ChecksSources(metadata_.command) ? "sources"
                                                      : "";
  file_ = Text(*of == '\0' ? "results" : of, ".json");
  journal_file_ = Text(of, *of == '\0' ? "" : "_", "journal.jsonl");
}

Results::~Results() {
  if (timer_) loop_.Cancel(*timer_);
}

Results::Entry& Results::Find(const Script& script) {
  const auto [found, is_new] = places_.try_emplace(script.id, entries_.size());
  if (!is_new) return entries_[found->second];
  ++counts_[static_cast<std::size_t>(Status::kRunning)];
  return entries_.emplace_back(Entry{script, Status::kRunning, {}, {}, {}, {}});
}

void Results::SetStatus(Entry& entry, Status status) {
  --counts_[static_cast<std::size_t>(entry.status)];
  ++counts_[static_cast<std::size_t>(status)];
  entry.status = status;
}

void Results::Start(const Script& script) {
  Entry& entry = Find(script);
  entry.started = now_();
  entry.start = EventLoop::Clock::now();
  Record(entry);
}

std::vector<Results::Ended> Results::EndedOf(const std::string& node) const {
  std::vector<Ended> ended;
  for (const Entry& entry : entries_)
    if (entry.script.node == node &&
        (entry.status == Status::kSuccess || entry.status == Status::kError))
      ended.push_back({entry.script, entry.outcome});
  return ended;
}

bool Results::HasFailed(const std::string& node, When when) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.status == Status::kError && entry.script.when == when &&
           entry.script.node == node;
  });
}

void Results::Finish(const Script& script, const Outcome& outcome) {
  Entry& entry = Find(script);
  // The time of day may be set meanwhile: a script lasts as long as it does all the same.
  entry.finished = entry.started + std::chrono::duration_cast<Time::duration>(
                                       EventLoop::Clock::now() - entry.start);
  SetStatus(entry, outcome.succeeded ? Status::kSuccess : Status::kError);
  entry.outcome = outcome;
  Record(entry);
}

void Results::FailAll(const std::string& node, const std::string& message) {
  std::erase_if(succeeded_before_,
                [&node](const auto& script) { return script.second == node; });
  for (const Ended& ended : EndedOf(node)) {
    if (IsHook(ended.script.when)) continue;
    Entry& entry = Find(ended.script);
    SetStatus(entry, Status::kError);
    entry.outcome.succeeded = false;
    entry.outcome.message = message;
    Record(entry);
  }
}

void Results::SetUnjudged(std::set<std::string> nodes) {
  const bool is_new = std::exchange(unjudged_, std::move(nodes)) != unjudged_;
  if (is_new && is_kept_) Replace();
}

void Results::Skip(const Script& script, const std::string& reason) {
  Entry& entry = Find(script);
  SetStatus(entry, Status::kSkipped);
  entry.outcome.message = reason;
  Record(entry);
}

void Results::Clear(bool has_scripts) {
  std::error_code ignored;
  fs::remove(folder_ / journal_file_, ignored);
  // A retry has to know which scripts were left out.
  if (has_scripts || chosen_ || fs::exists(folder_ / file_, ignored)) Replace();
}

int Results::Count(Status status) const {
  return counts_[static_cast<std::size_t>(status)];
}

bool Results::HasHooks() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return IsHook(entry.script.when); });
}

double Results::SecondsSinceStart(const Script& script) const {
  const auto found = places_.find(script.id);
  if (found == places_.end()) return 0;
  const EventLoop::Clock::time_point start = entries_[found->second].start;
  return std::chrono::duration<double>(EventLoop::Clock::now() - start).count();
}

json::object Results::MetadataJson() const {
  json::object metadata = {{"schema_version", 1},
                           {"generated_at", Timestamp(now_())},
                           {"dbt_version", metadata_.dbt_version},
                           {"command", metadata_.command},
                           {"invocation_id", metadata_.invocation_id},
                           {"args", ParseJson(metadata_.arguments)}};
  if (!unreached_.empty()) metadata["unreached"] = json::value_from(unreached_);
  if (!unjudged_.empty()) metadata["unjudged"] = json::value_from(unjudged_);
  if (chosen_) metadata["chosen"] = json::value_from(*chosen_);
  if (!alone_.empty()) metadata["alone"] = json::value_from(alone_);
  if (succeeded_before_.empty()) return metadata;
  json::array& before = metadata["succeeded_before"].emplace_array();
  for (const auto& [id, node] : succeeded_before_)
    before.push_back({{"unique_id", id},
                      {"node", node},
                      {"status", "success"},
                      {"wrote_model", written_before_.contains(node)}});
  return metadata;
}

std::string Results::Json() const {
  json::array entries;
  entries.reserve(entries_.size());
  for (const Entry& entry : entries_)
    entries.push_back(EntryJson(entry.script, Word(entry.status), entry.started,
                                entry.finished, entry.outcome));
  const json::object document = {
      {"metadata", MetadataJson()},
      {"results", std::move(entries)},
  };
  return json::serialize(document) + "\n";
}

template <typename Work>
void Results::Attempt(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (problem_.empty()) problem_ = error.what();
  }
}

void Results::Record(const Entry& entry) {
  Attempt([&] { AppendToJournal(entry); });
  ReplaceInTime();
}

void Results::AppendToJournal(const Entry& entry) {
  MakeFolder();
  const fs::path path = folder_ / journal_file_;
  if (!journal_.IsOpen()) journal_ = NewFile(path);
  const off_t end = ::lseek(journal_.get(), 0, SEEK_CUR);
  std::string lines;
  // Also where the first attempt to write it has failed.
  if (end == 0)
    lines = json::serialize(json::object{{"metadata", MetadataJson()}}) + "\n";
  lines += json::serialize(EntryJson(entry.script, Word(entry.status), entry.started,
                                     entry.finished, entry.outcome)) +
           "\n";
  try {
    WriteSynced(journal_, lines, path);
  } catch (const Error&) {
    // No cut line stays.
    if (end >= 0 && ::ftruncate(journal_.get(), end) == 0)
      ::lseek(journal_.get(), end, SEEK_SET);
    throw;
  }
}

void Results::ReplaceInTime() {
  const EventLoop::Clock::time_point now = EventLoop::Clock::now();
  if (now >= next_replacement_) return Replace();
  if (!timer_)
    timer_ =
        loop_.After(std::chrono::ceil<std::chrono::milliseconds>(next_replacement_ - now),
                    [this] { Replace(); });
}

void Results::Identify(const std::string& invocation_id) {
  const bool is_new =
      std::exchange(metadata_.invocation_id, invocation_id) != invocation_id;
  if (is_new && is_kept_) Replace();
}

void Results::Flush() {
  if (timer_) Replace();
}

void Results::Replace() {
  if (timer_) loop_.Cancel(*timer_);
  timer_.reset();
  const EventLoop::Clock::time_point began = EventLoop::Clock::now();
  Attempt([this] {
    MakeFolder();
    WriteAtomically(folder_ / file_, Json());
    is_kept_ = true;
  });
  const EventLoop::Clock::time_point ended = EventLoop::Clock::now();
  next_replacement_ = ended + kShare * (ended - began);
}

void Results::MakeFolder() const {
  std::error_code code;
  fs::create_directories(folder_, code);
  if (code)
    throw Error(
        Text("cannot make the folder '", folder_.native(), "': ", code.message()));
}

}  // namespace aft
