// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/staged_console.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <optional>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/json_text.h"

namespace aft {
namespace {

namespace json = boost::json;

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsLoud(const DbtLogLine& line) { return IsOneOf(line.level, {"warn", "error"}); }

bool IsAboutANode(const DbtLogLine& line) {
  return !line.node.empty() || line.name.rfind("Log", 0) == 0;
}

/// What dbt says at its end of a node that failed or warned.
bool IsDetail(const DbtLogLine& line) {
  return line.name.rfind("RunResult", 0) == 0 ||
         IsOneOf(line.name,
                 {"SQLCompiledPath", "CheckNodeTestFailure", "AfterFirstRunResultError"});
}

bool IsSummary(const DbtLogLine& line) {
  return IsOneOf(line.name, {"FinishedRunningStats", "EndOfRunSummary", "StatsLine",
                             "CommandCompleted"});
}

/// Whether an empty line comes before this detail. dbt 1.8 and later send it as an event,
/// dbt 1.7 does not in this format.
bool BeginsParagraph(const DbtLogLine& line, const DbtLogLine* before) {
  if (line.name != "RunResultError" && line.name != "RunResultErrorNoMessage")
    return line.name != "RunResultWarningMessage" &&
           line.name != "AfterFirstRunResultError";
  return before == nullptr ||
         !IsOneOf(before->name, {"RunResultFailure", "RunResultWarning"});
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

StagedConsole::StagedConsole(DbtConsole::Options options, DbtConsole::Write write)
    : console_(std::move(options), std::move(write)) {}

void StagedConsole::TakeListing(const std::string& line) { listing_.push_back(line); }

void StagedConsole::PrintListing() {
  const bool is_json = console_.options().format == DbtConsole::Format::kJson;
  for (const std::string& raw : std::exchange(listing_, {})) {
    const std::optional<DbtLogLine> line = ParseDbtLogLine(raw);
    if (!line) {
      console_.Pass(raw);
      continue;
    }
    // The listing is never quiet, while the run may be.
    if (line->name != "PrintEvent" && !console_.IsShown(line->level)) continue;
    if (line->name == "DeprecationsSummary") last_words_.push_back({raw, *line});
    // The run goes on, whatever dbt 2 says at the end of its listing.
    else if (!IsSummary(*line) || IsLoud(*line) || is_json)
      ShowOnce(raw, *line);
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
  if (!line) return console_.Pass(raw);
  counts_noops_ = counts_noops_ || line->counts_noops;
  counts_partial_ = counts_partial_ || line->counts_partial;
  // Empty lines, which not every dbt sends.
  if (line->name == "Formatting" && line->message.empty()) return;
  if (line->name == "DeprecationsSummary") {
    if (last_words_.empty()) last_words_.push_back({raw, *line});
    return;
  }
  if (part_ == Part::kPreamble && IsAboutANode(*line)) part_ = Part::kNodes;
  if (IsSummary(*line) || IsDetail(*line)) part_ = Part::kClosing;
  switch (part_) {
    case Part::kPreamble:
      return TakePreamble(raw, *line);
    case Part::kNodes:
      // dbt 2 tells of its files at every level.
      if (line->name != "ArtifactWritten") Show(raw, *line);
      return;
    case Part::kClosing:
      return TakeClosing(raw, *line);
  }
}

void StagedConsole::TakePreamble(const std::string& raw, const DbtLogLine& line) {
  if (IsLoud(line)) {
    ShowOnce(raw, line);
  } else if (line.level == "debug") {
    Show(raw, line);
  } else if (is_first_stage_ && line.name == "ConcurrencyLine") {
    console_.Blank();
    Show(raw, line);
    console_.Blank();
  }
}

void StagedConsole::TakeClosing(const std::string& raw, const DbtLogLine& line) {
  if (IsDetail(line))
    details_.push_back({raw, line});
  else if (!IsSummary(line))
    ShowOnce(raw, line);
}

/// A warning of one stage is that of all others as well.
void StagedConsole::ShowOnce(const std::string& raw, const DbtLogLine& line) {
  if (!IsLoud(line) || shown_.insert(line.message).second) Show(raw, line);
}

void StagedConsole::Show(const std::string& raw, const DbtLogLine& line) {
  if (line.index == 0) return console_.Show(raw, line);
  DbtLogLine numbered = line;
  numbered.message = Numbered(line);
  console_.Show(Renumbered(raw, numbered), numbered);
}

std::string StagedConsole::Renumbered(const std::string& raw,
                                      const DbtLogLine& line) const {
  json::value value = ParseJson(raw);
  json::object& data = value.at("data").as_object();
  data["index"] = done_ + static_cast<std::size_t>(line.index);
  data[data.contains("total") ? "total" : "num_models"] = total_;
  value.at("info").as_object()["msg"] = line.message;
  return json::serialize(value);
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

void StagedConsole::PrintUnbuilt(std::size_t number, std::size_t total,
                                 const std::string& what, const std::string& status) {
  std::string line = Text(number, " of ", total, " ", status, " ", what, " ");
  const auto width = static_cast<std::size_t>(std::max(console_.options().width, 0));
  if (line.size() < width) line.resize(width, '.');
  const bool is_error = status == "ERROR";
  console_.Tell(
      is_error ? "LogModelResult" : "SkippingDetails", is_error ? "error" : "info",
      Text(line, " [", is_error ? console_.Red(status) : console_.Yellow(status), "]"),
      {{"index", number}, {"total", total}});
}

void StagedConsole::Remember(const std::string& what, const std::string& message) {
  const auto remember = [this](const char* name, const std::string& text) {
    Line line;
    line.parsed.name = name;
    line.parsed.level = "error";
    line.parsed.message = text;
    details_.push_back(std::move(line));
  };
  remember("RunResultFailure", console_.Red(Text("Failure in ", what)));
  remember("RunResultError", Text("  ", message));
}

void StagedConsole::Finish(const Ending& ending) {
  console_.Blank();
  if (!ending.what.empty()) {
    const double seconds = std::chrono::duration<double>(ending.elapsed).count();
    console_.Tell(
        "FinishedRunningStats", "info",
        Text("Finished running ", ending.what, " in ", InWords(ending.elapsed), "."),
        {{"stat_line", ending.what}, {"execution_time", seconds}});
  }
  console_.Blank();
  Summarize(ending);
  ShowDetails();
  console_.Blank();
  const NodeCounts& counts = ending.counts;
  const int failed = counts.failed + counts.partial;
  console_.Tell("StatsLine", "info",
                Text("Done. PASS=", counts.passed, " WARN=", counts.warned,
                     " ERROR=", failed, " SKIP=", counts.skipped,
                     counts_noops_ ? Text(" NO-OP=", counts.without_work) : "",
                     " TOTAL=", counts.total()),
                {{"stats",
                  {{"pass", counts.passed},
                   {"warn", counts.warned},
                   {"error", failed},
                   {"skip", counts.skipped},
                   {"noop", counts.without_work},
                   {"total", counts.total()}}}});
  console_.Print(ending.scripts);
  for (const Line& line : last_words_) Show(line.raw, line.parsed);
}

void StagedConsole::Summarize(const Ending& ending) {
  const int failed = ending.counts.failed + ending.unlisted;
  const int partial = ending.counts.partial;
  const int warned = ending.counts.warned;
  std::string text = console_.Green("Completed successfully");
  if (ending.is_interrupted) {
    text = console_.Yellow("Exited because of keyboard interrupt");
  } else if (failed + partial + warned > 0) {
    const std::string partly = counts_partial_ ? Text(", ", partial, " partial success",
                                                      partial == 1 ? "" : "es", ",")
                                               : "";
    text = Text("Completed with ", failed, " error", Plural(failed), partly, " and ",
                warned, " warning", Plural(warned), ":");
    text = failed + partial > 0 ? console_.Red(text) : console_.Yellow(text);
  }
  console_.Tell("EndOfRunSummary", "info", text,
                {{"num_errors", failed},
                 {"num_warnings", warned},
                 {"num_partial_success", partial},
                 {"keyboard_interrupt", ending.is_interrupted}});
}

void StagedConsole::ShowDetails() {
  const DbtLogLine* before = nullptr;
  for (const Line& line : details_) {
    if (BeginsParagraph(line.parsed, before)) console_.Blank();
    if (line.raw.empty())
      console_.Tell(line.parsed.name.c_str(), line.parsed.level.c_str(),
                    line.parsed.message, {{"msg", line.parsed.message}});
    else
      Show(line.raw, line.parsed);
    before = &line.parsed;
  }
}

}  // namespace aft
