// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged_console.h"

#include <unistd.h>

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

int Rank(std::string_view level) {
  constexpr std::array<std::string_view, 5> kLevels = {"debug", "info", "warn", "error",
                                                       "none"};
  return static_cast<int>(std::find(kLevels.begin(), kLevels.end(), level) -
                          kLevels.begin());
}

}  // namespace

StagedConsole::StagedConsole(Options options, Write write)
    : options_(std::move(options)), write_(std::move(write)) {}

void StagedConsole::TakeListing(const std::string& line) { listing_.push_back(line); }

void StagedConsole::PrintListing() {
  for (const std::string& raw : std::exchange(listing_, {})) {
    const std::optional<DbtLogLine> line = ParseDbtLogLine(raw);
    if (!line)
      write_(raw + "\n");
    else if (line->name == "DeprecationsSummary")
      last_words_.push_back({raw, *line});
    // The run goes on, whatever dbt 2 says at the end of its listing.
    else if (!IsSummary(*line) || IsLoud(*line) || options_.format == Format::kJson)
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
  if (!line) return write_(raw + "\n");
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
    Blank();
    Show(raw, line);
    Blank();
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
  if (options_.format == Format::kJson) return write_(Renumbered(raw, line) + "\n");
  // dbt 2 sends some lines of this level to whoever reads JSON.
  if (line.level == "debug" && options_.least_level != "debug") return;
  if (line.name == "PrintEvent") return write_(line.message + "\n");
  write_(Text(options_.use_colors ? kPlain : "", TimeOfDay(line.time), "  ",
              Numbered(line), "\n"));
}

std::string StagedConsole::Renumbered(const std::string& raw,
                                      const DbtLogLine& line) const {
  if (line.index == 0) return raw;
  json::value value = json::parse(raw);
  json::object& data = value.at("data").as_object();
  data["index"] = done_ + static_cast<std::size_t>(line.index);
  data[data.contains("total") ? "total" : "num_models"] = total_;
  value.at("info").as_object()["msg"] = Numbered(line);
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

bool StagedConsole::IsShown(std::string_view level) const {
  return Rank(level) >= Rank(options_.least_level);
}

void StagedConsole::Blank() {
  if (options_.format == Format::kText && IsShown("info")) Print("");
}

void StagedConsole::Print(const std::string& text, const char* level) {
  Tell("Note", level, text, {{"msg", text}});
}

void StagedConsole::Tell(const char* name, const char* level, const std::string& text,
                         const json::object& data) {
  if (!IsShown(level)) return;
  DbtLogLine line;
  line.message = text;
  line.time = Now();
  const json::object event = {{"data", data},
                              {"info",
                               {{"category", ""},
                                {"code", ""},
                                {"extra", json::object()},
                                {"invocation_id", ""},
                                {"level", level},
                                {"msg", text},
                                {"name", name},
                                {"pid", ::getpid()},
                                {"thread", "MainThread"},
                                {"ts", line.time}}}};
  Show(json::serialize(event), line);
}

void StagedConsole::PrintUnbuilt(std::size_t number, std::size_t total,
                                 const std::string& what, const std::string& status) {
  std::string line = Text(number, " of ", total, " ", status, " ", what, " ");
  const auto width = static_cast<std::size_t>(std::max(options_.width, 0));
  if (line.size() < width) line.resize(width, '.');
  const bool is_error = status == "ERROR";
  Tell(is_error ? "LogModelResult" : "SkippingDetails", is_error ? "error" : "info",
       Text(line, " [", Colored(status, is_error ? kRed : kYellow), "]"),
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
  remember("RunResultFailure", Colored(Text("Failure in ", what), kRed));
  remember("RunResultError", Text("  ", message));
}

std::string StagedConsole::Colored(const std::string& text, const char* color) const {
  return options_.use_colors ? Text(color, text, kPlain) : text;
}

void StagedConsole::Finish(const Ending& ending) {
  Blank();
  if (!ending.what.empty()) {
    const double seconds = std::chrono::duration<double>(ending.elapsed).count();
    Tell("FinishedRunningStats", "info",
         Text("Finished running ", ending.what, " in ", InWords(ending.elapsed), "."),
         {{"stat_line", ending.what}, {"execution_time", seconds}});
  }
  Blank();
  Summarize(ending);
  ShowDetails();
  Blank();
  const NodeCounts& counts = ending.counts;
  const int failed = counts.failed + counts.partial;
  Tell("StatsLine", "info",
       Text("Done. PASS=", counts.passed, " WARN=", counts.warned, " ERROR=", failed,
            " SKIP=", counts.skipped,
            counts_noops_ ? Text(" NO-OP=", counts.without_work) : "",
            " TOTAL=", counts.total()),
       {{"stats",
         {{"pass", counts.passed},
          {"warn", counts.warned},
          {"error", failed},
          {"skip", counts.skipped},
          {"noop", counts.without_work},
          {"total", counts.total()}}}});
  Print(ending.scripts);
  for (const Line& line : last_words_) Show(line.raw, line.parsed);
}

void StagedConsole::Summarize(const Ending& ending) {
  const int failed = ending.counts.failed + ending.unlisted;
  const int partial = ending.counts.partial;
  const int warned = ending.counts.warned;
  std::string text = Colored("Completed successfully", kGreen);
  if (ending.is_interrupted) {
    text = Colored("Exited because of keyboard interrupt", kYellow);
  } else if (failed + partial + warned > 0) {
    const std::string partly = counts_partial_ ? Text(", ", partial, " partial success",
                                                      partial == 1 ? "" : "es", ",")
                                               : "";
    text = Colored(Text("Completed with ", failed, " error", Plural(failed), partly,
                        " and ", warned, " warning", Plural(warned), ":"),
                   failed + partial > 0 ? kRed : kYellow);
  }
  Tell("EndOfRunSummary", "info", text,
       {{"num_errors", failed},
        {"num_warnings", warned},
        {"num_partial_success", partial},
        {"keyboard_interrupt", ending.is_interrupted}});
}

void StagedConsole::ShowDetails() {
  const DbtLogLine* before = nullptr;
  for (const Line& line : details_) {
    if (BeginsParagraph(line.parsed, before)) Blank();
    if (line.raw.empty())
      Tell(line.parsed.name.c_str(), line.parsed.level.c_str(), line.parsed.message,
           {{"msg", line.parsed.message}});
    else
      Show(line.raw, line.parsed);
    before = &line.parsed;
  }
}

}  // namespace aft
