// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_console.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/utc_time.h"

namespace aft {
namespace {

namespace json = boost::json;

constexpr const char* kPlain = "\x1b[0m";

std::string Now() { return UtcTimestamp(std::chrono::system_clock::now()); }

/// "23:59:59" of a time as dbt's log has it.
std::string TimeOfDay(const std::string& time) {
  const std::size_t date = std::string_view("2026-01-31T").size();
  const std::string& known = time.size() > date ? time : Now();
  return known.substr(date, 8);
}

int Rank(std::string_view level) {
  constexpr std::array<std::string_view, 5> kLevels = {"debug", "info", "warn", "error",
                                                       "none"};
  return static_cast<int>(std::find(kLevels.begin(), kLevels.end(), level) -
                          kLevels.begin());
}

}  // namespace

DbtConsole::Options DbtConsole::OptionsOf(const DbtInvocation& invocation) {
  Options options;
  if (invocation.log_format == "json") options.format = Format::kJson;
  options.use_colors = invocation.use_colors;
  options.width = invocation.printer_width;
  options.least_level = invocation.least_level;
  return options;
}

DbtConsole::DbtConsole(Options options, Write write)
    : options_(std::move(options)), write_(std::move(write)) {}

void DbtConsole::Show(const std::string& raw, const DbtLogLine& line) const {
  if (options_.format == Format::kJson) return Pass(raw);
  // dbt 2 sends some lines of this level to whoever reads JSON.
  if (line.level == "debug" && options_.least_level != "debug") return;
  if (line.name == "PrintEvent") return Pass(line.message);
  Pass(Text(options_.use_colors ? kPlain : "", TimeOfDay(line.time), "  ", line.message));
}

void DbtConsole::Tell(const char* name, const char* level, const std::string& text,
                      const json::object& data) const {
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

void DbtConsole::Print(const std::string& text, const char* level) const {
  Tell("Note", level, text, {{"msg", text}});
}

void DbtConsole::Blank() const {
  if (options_.format == Format::kText && IsShown("info")) Print("");
}

bool DbtConsole::IsShown(std::string_view level) const {
  return Rank(level) >= Rank(options_.least_level);
}

std::string DbtConsole::Red(const std::string& text) const {
  return Colored(text, "\x1b[31m");
}

std::string DbtConsole::Green(const std::string& text) const {
  return Colored(text, "\x1b[32m");
}

std::string DbtConsole::Yellow(const std::string& text) const {
  return Colored(text, "\x1b[33m");
}

std::string DbtConsole::Colored(const std::string& text, const char* color) const {
  return options_.use_colors ? Text(color, text, kPlain) : text;
}

}  // namespace aft
