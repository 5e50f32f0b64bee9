// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/script_limits.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 6> kTimes = {
    {{"", 1e3}, {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}}};
constexpr std::array<Unit, 6> kSizes = {
    {{"", 1}, {"B", 1}, {"K", 0x1p10}, {"M", 0x1p20}, {"G", 0x1p30}, {"T", 0x1p40}}};
constexpr std::array<Unit, 1> kCounts = {{{"", 1}}};

// A year; and more memory than any machine has.
constexpr double kLongest = 365 * 86400e3;
constexpr double kLargest = 0x1p50;
constexpr int kMostRetries = 100;
constexpr int kHighestPriority = 1'000'000;
constexpr int kMostAtOnce = 1'000'000;

/// The number at the beginning of `text` times the unit that follows; nothing where that
/// is not all of it.
template <std::size_t Count>
std::optional<double> Quantity(std::string_view text,
                               const std::array<Unit, Count>& units) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  for (const Unit& unit : units)
    if (rest == unit.name) return number * unit.factor;
  return std::nullopt;
}

int WholeNumber(std::string_view name, std::string_view value, int least, int most) {
  const std::optional<double> number = Quantity(value, kCounts);
  if (!number || !(*number >= least) || *number > most || *number != std::floor(*number))
    throw Error(Text("'", name, "' is '", value, "', which is not a whole number from ",
                     least, " to ", most));
  return static_cast<int>(*number);
}

}  // namespace

bool IsLimit(std::string_view name) {
  return name == "timeout" || name == "memory" || name == "retries";
}

void SetLimit(std::string_view name, std::string_view value, ScriptLimits& limits) {
  if (name == "timeout") {
    const std::optional<double> time = Quantity(value, kTimes);
    if (!time || !(*time >= 1) || *time > kLongest)
      throw Error(Text("'timeout' is '", value,
                       "', which is not a duration; write for example ",
                       "90 (seconds), '500ms', '10m' or '2h'"));
    limits.timeout = milliseconds(std::llround(*time));
  } else if (name == "memory") {
    const std::optional<double> size = Quantity(value, kSizes);
    if (!size || !(*size >= 1) || *size > kLargest)
      throw Error(Text("'memory' is '", value,
                       "', which is not a size; write for example ", "'512M' or '4G'"));
    limits.memory = std::llround(*size);
  } else {
    limits.retries = WholeNumber(name, value, 0, kMostRetries);
  }
}

int Priority(std::string_view value) {
  return WholeNumber("priority", value, -kHighestPriority, kHighestPriority);
}

int Concurrency(std::string_view value) {
  return WholeNumber("concurrency", value, 1, kMostAtOnce);
}

ScriptLimits OrDefaults(const ScriptLimits& limits, const ScriptLimits& defaults) {
  ScriptLimits all = limits;
  if (!all.timeout) all.timeout = defaults.timeout;
  if (!all.memory) all.memory = defaults.memory;
  if (!all.retries) all.retries = defaults.retries;
  return all;
}

std::string InWords(milliseconds time) {
  using std::chrono::duration_cast;
  const auto hours = duration_cast<std::chrono::hours>(time);
  const auto minutes = duration_cast<std::chrono::minutes>(time - hours);
  const milliseconds rest = time - hours - minutes;
  std::string words;
  const auto add = [&words](const std::string& part) {
    words += (words.empty() ? "" : " ") + part;
  };
  if (hours.count() > 0) add(Text(hours.count(), "h"));
  if (minutes.count() > 0) add(Text(minutes.count(), "m"));
  if (rest.count() % 1000 == 0) {
    if (rest.count() > 0 || words.empty()) add(Text(rest.count() / 1000, "s"));
  } else {
    add(Text(rest.count(), "ms"));
  }
  return words;
}

std::string SizeInWords(std::int64_t bytes) {
  const Unit* best = kSizes.data();
  for (const Unit& unit : kSizes)
    if (!unit.name.empty() && static_cast<double>(bytes) >= unit.factor) best = &unit;
  std::array<char, 32> number{};
  std::snprintf(number.data(), number.size(), "%.4g",
                static_cast<double>(bytes) / best->factor);
  return Text(number.data(), best->name);
}

}  // namespace aft
