// SPDX-License-Identifier: Apache-2.0
#include "plugin/results.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "host_shim/error.h"
#include "host_shim/fd.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using Clock = std::chrono::system_clock;

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

/// In UTC with microseconds, as dbt writes times; null for a time that never was.
json::value Timestamp(Clock::time_point time) {
  if (time == Clock::time_point{}) return nullptr;
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch());
  const std::time_t seconds =
      Clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  std::array<char, 32> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &fields);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ",
                static_cast<int>(microseconds.count() % 1'000'000));
  return json::value(Text(std::string_view(text.data(), size), fraction.data()));
}

/// Writes `text` to `path` so that a reader, even after a power cut, meets the old file
/// or the new one.
void WriteAtomically(const fs::path& path, const std::string& text) {
  const fs::path draft = path.native() + ".draft";
  {
    const Fd file(::open(draft.c_str(),
                         O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    std::size_t written = 0;
    while (file.IsOpen() && written < text.size()) {
      const ssize_t count =
          ::write(file.get(), text.data() + written, text.size() - written);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) break;
      written += static_cast<std::size_t>(count);
    }
    if (!file.IsOpen() || written < text.size() || ::fsync(file.get()) != 0)
      throw Error(Text("cannot write '", path.native(), "': ", std::strerror(errno)));
  }
  if (::rename(draft.c_str(), path.c_str()) != 0)
    throw Error(Text("cannot write '", path.native(), "': ", std::strerror(errno)));
}

}  // namespace

Results::Results(const fs::path& target_folder, Metadata metadata)
    : folder_(target_folder / "aft"), metadata_(std::move(metadata)) {}

Results::Entry& Results::Find(const Script& script) {
  const auto found = std::find_if(
      entries_.begin(), entries_.end(),
      [&script](const Entry& entry) { return entry.script.id == script.id; });
  if (found != entries_.end()) return *found;
  return entries_.emplace_back(Entry{script, Status::kRunning, {}, {}, {}});
}

void Results::Start(const Script& script) {
  Find(script).started = Clock::now();
  Write();
}

void Results::Finish(const Script& script, const Outcome& outcome) {
  Entry& entry = Find(script);
  entry.finished = Clock::now();
  entry.status = outcome.succeeded ? Status::kSuccess : Status::kError;
  entry.outcome = outcome;
  Write();
}

void Results::Skip(const Script& script, const std::string& reason) {
  Entry& entry = Find(script);
  entry.status = Status::kSkipped;
  entry.outcome.message = reason;
  Write();
}

void Results::Clear() const {
  if (fs::exists(folder_ / "results.json")) Write();
}

int Results::Count(Status status) const {
  return static_cast<int>(
      std::count_if(entries_.begin(), entries_.end(),
                    [status](const Entry& entry) { return entry.status == status; }));
}

double Results::SecondsSinceStart(const Script& script) const {
  for (const Entry& entry : entries_)
    if (entry.script.id == script.id)
      return std::chrono::duration<double>(Clock::now() - entry.started).count();
  return 0;
}

std::string Results::Json() const {
  json::array entries;
  for (const Entry& entry : entries_) {
    const Outcome& outcome = entry.outcome;
    entries.push_back({
        {"unique_id", entry.script.id},
        {"node", entry.script.node},
        {"path", entry.script.name},
        {"when", Name(entry.script.when)},
        {"status", Word(entry.status)},
        {"started_at", Timestamp(entry.started)},
        {"finished_at", Timestamp(entry.finished)},
        {"seconds",
         {{"read", outcome.seconds_reading},
          {"compute", outcome.seconds_computing},
          {"write", outcome.seconds_writing}}},
        {"rows", {{"read", outcome.rows_read}, {"written", outcome.rows_written}}},
        {"bytes", {{"read", outcome.bytes_read}, {"written", outcome.bytes_written}}},
        {"tries", outcome.tries},
        {"peak_memory", outcome.peak_memory},
        {"message", outcome.message},
    });
  }
  const json::object document = {
      {"metadata",
       {{"schema_version", 1},
        {"generated_at", Timestamp(Clock::now())},
        {"dbt_version", metadata_.dbt_version},
        {"command", metadata_.command}}},
      {"results", std::move(entries)},
  };
  return json::serialize(document) + "\n";
}

void Results::Write() const {
  std::error_code code;
  fs::create_directories(folder_, code);
  if (code)
    throw Error(
        Text("cannot make the folder '", folder_.native(), "': ", code.message()));
  WriteAtomically(folder_ / "results.json", Json());
}

}  // namespace aft
