// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged_console.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <optional>
#include <utility>

#include "host_shim/error.h"
#include "plugin/utc_time.h"

namespace aft {
namespace {

namespace json = boost::json;

constexpr const char* kRed = "\x1b[31m";
constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kYellow = "\x1b[33m";
constexpr const char* kPlain = "\x1b[0m";

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsLoud(const DbtLogLine& line) { return IsOneOf(line.level, {"warn", "error"}); }

bool IsAboutANode(const DbtLogLine& line) {
  return !line.node.empty() || line.name.rfind("Log", 0) == 0;
}

bool BeginsClosing(const DbtLogLine& line) {
  // dbt 2 has the last of them only.
  return IsOneOf(line.name, {"FinishedRunningStats", "EndOfRunSummary", "StatsLine",
                             "CommandCompleted"});
}

std::string Now() { return UtcTimestamp(std::chrono::system_clock::now()); }

/// "23:59:59" of a time as dbt's log has it.
std::string TimeOfDay(const std::string& time) {
  const std::size_t date = std::string_view("2026-01-31T").size();
  const std::string& known = time.size() > date ? time : Now();
  return known.substr(date, 8);
}

std::string InWords(std::chrono::milliseconds elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const int minutes = static_cast<int>(seconds / 60);
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%d hours %d minutes and %.2f seconds (%.2fs)",
                minutes / 60, minutes % 60, seconds - 60.0 * minutes, seconds);
  return text.data();
}

const char* Plural(int count) { return count == 1 ? "" : "s"; }

}  // namespace

StagedConsole::StagedConsole(const Options& options, Write write)
    : options_(options), write_(std::move(write)) {}

void StagedConsole::TakeListing(const std::string& line) { listing_.push_back(line); }

void StagedConsole::PrintListing() {
  for (const std::string& raw : std::exchange(listing_, {})) {
    const std::optional<DbtLogLine> line = ParseDbtLogLine(raw);
    if (!line) {
      write_(raw + "\n");
      continue;
    }
    if (IsLoud(*line)) warned_.insert(line->message);
    // The run goes on, whatever dbt 2 says at the end of its listing.
    if (BeginsClosing(*line) && !IsLoud(*line) && options_.format == Format::kText)
      continue;
    Show(raw, *line);
  }
}

void StagedConsole::BeginStage(std::size_t done, std::size_t total) {
  if (total_ > 0) is_first_stage_ = false;
  part_ = Part::kPreamble;
  done_ = done;
  total_ = total;
}

void StagedConsole::TakeLine(const std::string& raw) {
  const std::optional<DbtLogLine> line = ParseDbtLogLine(raw);
  if (!line) return write_(raw + "\n");
  threads_ = std::max(threads_, line->threads);
  counts_noops_ = counts_noops_ || line->counts_noops;
  if (part_ == Part::kPreamble && IsAboutANode(*line)) part_ = Part::kNodes;
  if (BeginsClosing(*line)) part_ = Part::kClosing;
  switch (part_) {
    case Part::kPreamble:
      return TakePreamble(raw, *line);
    case Part::kNodes:
      // What comes before the closing lines is told by Finish().
      if (!IsOneOf(line->name, {"Formatting", "ArtifactWritten"})) Show(raw, *line);
      return;
    case Part::kClosing:
      return TakeClosing(raw, *line);
  }
}

void StagedConsole::TakePreamble(const std::string& raw, const DbtLogLine& line) {
  if (IsLoud(line)) {
    if (warned_.insert(line.message).second) Show(raw, line);
    return;
  }
  const bool is_heading =
      is_first_stage_ && IsOneOf(line.name, {"ConcurrencyLine", "Formatting"});
  if (is_heading || line.level == "debug") Show(raw, line);
}

void StagedConsole::TakeClosing(const std::string& raw, const DbtLogLine& line) {
  const bool is_summary = BeginsClosing(line);
  const bool is_detail =
      !is_summary && (IsLoud(line) || line.name.rfind("RunResult", 0) == 0 ||
                      IsOneOf(line.name, {"SQLCompiledPath", "CheckNodeTestFailure",
                                          "AfterFirstRunResultError"}));
  if (options_.format == Format::kJson || (!is_detail && line.level == "debug"))
    Show(raw, line);
  if (is_detail) errors_.push_back(line.message);
}

void StagedConsole::Show(const std::string& raw, const DbtLogLine& line) {
  if (options_.format == Format::kJson) return write_(raw + "\n");
  // dbt 2 sends some lines of this level to whoever reads JSON.
  if (line.level != "debug" || options_.shows_debug) ShowText(line);
}

void StagedConsole::ShowText(const DbtLogLine& line) {
  write_(Text(options_.use_colors ? kPlain : "", TimeOfDay(line.time), "  ",
              Numbered(line), "\n"));
}

std::string StagedConsole::Numbered(const DbtLogLine& line) const {
  std::string text = line.message;
  const std::string own = Text(line.index, " of ", line.total, " ");
  if (line.index == 0 || text.rfind(own, 0) != 0) return text;
  const std::string numbers =
      Text(done_ + static_cast<std::size_t>(line.index), " of ", total_, " ");
  text.replace(0, own.size(), numbers);
  // The dots up to the status take up the difference.
  const std::size_t status = text.rfind(" [");
  if (status == std::string::npos || status == 0 || text[status - 1] != '.') return text;
  const std::size_t dots = text.find_last_not_of('.', status - 1) + 1;
  const std::size_t wanted = std::max(status + own.size() - numbers.size(), dots + 1);
  text.replace(dots, status - dots, wanted - dots, '.');
  return text;
}

void StagedConsole::Print(const std::string& text, const char* level) {
  if (options_.shows_errors_only && std::string_view(level) != "error") return;
  DbtLogLine line;
  line.level = level;
  line.message = text;
  line.time = Now();
  const json::object event = {
      {"data", {{"msg", text}}},
      {"info", {{"name", "Note"}, {"level", level}, {"msg", text}, {"ts", line.time}}}};
  Show(json::serialize(event), line);
}

void StagedConsole::PrintSkipped(std::size_t number, std::size_t total,
                                 const std::string& what) {
  std::string line = Text(number, " of ", total, " SKIP ", what, " ");
  const auto width = static_cast<std::size_t>(std::max(options_.width, 0));
  if (line.size() < width) line.resize(width, '.');
  Print(Text(line, " [", Colored("SKIP", kYellow), "]"));
}

void StagedConsole::Remember(const std::string& text) {
  errors_.push_back(Colored(text, kRed));
}

std::string StagedConsole::Colored(const std::string& text, const char* color) const {
  return options_.use_colors ? Text(color, text, kPlain) : text;
}

void StagedConsole::Finish(const std::string& what, std::chrono::milliseconds elapsed,
                           const NodeCounts& counts) {
  Print("");
  if (!what.empty())
    Print(Text("Finished running ", what, " in ", InWords(elapsed), "."));
  Print("");
  if (counts.failed + counts.partial + counts.warned == 0 && errors_.empty()) {
    Print(Colored("Completed successfully", kGreen));
  } else {
    Print(Colored(
        Text("Completed with ", counts.failed, " error", Plural(counts.failed), ", ",
             counts.partial, " partial success", counts.partial == 1 ? "" : "es",
             ", and ", counts.warned, " warning", Plural(counts.warned), ":"),
        counts.failed + counts.partial > 0 ? kRed : kYellow));
    for (const std::string& error : errors_) {
      Print("");
      Print(error, counts.failed > 0 ? "error" : "warn");
    }
  }
  Print("");
  const int total = counts.passed + counts.warned + counts.failed + counts.skipped +
                    counts.partial + counts.without_work;
  Print(Text("Done. PASS=", counts.passed, " WARN=", counts.warned,
             " ERROR=", counts.failed + counts.partial, " SKIP=", counts.skipped,
             counts_noops_ ? Text(" NO-OP=", counts.without_work) : "",
             " TOTAL=", total));
}

}  // namespace aft
