// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/console.h"

#include <array>
#include <cstdint>
#include <cstdio>

#include "host_shim/error.h"

namespace aft {
namespace {

constexpr const char* kNoColor = "";
constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kRed = "\x1b[31m";
constexpr const char* kYellow = "\x1b[33m";
constexpr const char* kPlain = "\x1b[0m";

std::string InSeconds(double seconds) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), " in %.2fs", seconds);
  return text.data();
}

unsigned char Byte(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// The length of the UTF-8 sequence at `at`, or 0 when there is none that is valid
/// (Unicode 15, table 3-7).
std::size_t SequenceLength(std::string_view text, std::size_t at) {
  const unsigned char lead = Byte(text, at);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return 0;
  std::uint32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned char next = Byte(text, at + i);
    if ((next & 0xC0U) != 0x80) return 0;
    code = code << 6U | (next & 0x3FU);
  }
  const bool is_overlong =
      (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  // U+0080 to U+009F are control characters as well.
  const bool is_control = code >= 0x80 && code <= 0x9F;
  return is_overlong || is_surrogate || is_control || code > 0x10FFFF ? 0 : length;
}

bool IsControl(unsigned char byte) {
  return (byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7F;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string printable;
  printable.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = SequenceLength(text, at);
    if (length == 0 || IsControl(Byte(text, at))) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", Byte(text, at));
      printable += escaped.data();
      ++at;
    } else {
      printable.append(text, at, length);
      at += length;
    }
  }
  return printable;
}

namespace {

/// The lines below that of a failure, indented.
std::string Details(const Outcome& outcome) {
  std::string text =
      "\n" + Printable(outcome.traceback.empty() ? outcome.message : outcome.traceback);
  while (text.back() == '\n') text.pop_back();
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 3)
    text.insert(at + 1, "  ");
  return text;
}

}  // namespace

std::string Console::Line(std::string_view what, const Script& script,
                          const std::string& status, const char* color,
                          const std::string& time) const {
  const char* relation = IsHook(script.when) ? "of" : Name(script.when);
  std::string line = Text(what, " ", KindName(script.when), " ", Printable(script.name),
                          " ", relation, " ", script.node_name, " ");
  if (line.size() < static_cast<std::size_t>(width_))
    line.resize(static_cast<std::size_t>(width_), '.');
  const bool is_colored = use_colors_ && *color != '\0';
  return Text(line, " [", is_colored ? color : "", status, is_colored ? kPlain : "", time,
              "]");
}

std::string Console::Started(const Script& script) const {
  return Line("START", script, "RUN", kNoColor, "");
}

std::string Console::Ended(const Script& script, const Outcome& outcome,
                           double seconds) const {
  const std::string time = InSeconds(seconds);
  if (outcome.succeeded) {
    const std::string status =
        outcome.rows_written > 0 ? Text("WROTE ", outcome.rows_written) : "OK";
    return Line("OK ran", script, status, kGreen, time);
  }
  return Line("ERROR in", script, "ERROR", kRed, time) + Details(outcome);
}

std::string Console::Retrying(const Script& script, const Outcome& outcome,
                              std::chrono::milliseconds delay) const {
  const std::string status =
      Text("RETRY ", outcome.tries, " of ", script.limits.retries.value_or(0), " in ");
  return Line("ERROR in", script, status + InWords(delay), kYellow, "") +
         Details(outcome);
}

std::string Console::Skipped(const Script& script) const {
  return Line("SKIP", script, "SKIP", kYellow, "");
}

std::string Console::Output(const Script& script, std::string_view line) {
  return Text(Printable(script.name), " | ", Printable(line));
}

std::string Console::Summary(const Counts& counts) {
  return Text(counts.include_hooks ? "Scripts and hooks" : "Scripts",
              ": PASS=", counts.succeeded, " ERROR=", counts.failed,
              " SKIP=", counts.skipped,
              " TOTAL=", counts.succeeded + counts.failed + counts.skipped);
}

}  // namespace aft
