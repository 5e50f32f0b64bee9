// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_variables.h"

#include <cctype>
#include <charconv>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace aft {
namespace {

/// The minor versions of dbt 1 that began to read a variable for an option. Those not in
/// the list are older. (dbt-core: dbt/flags.py up to 1.4, then dbt/cli/params.py)
int FirstMinorOf(std::string_view option) {
  static const std::map<std::string, int, std::less<>> kFirst = {
      {"defer", 5},
      {"defer-state", 6},
      {"empty", 8},
      {"event-time-end", 9},
      {"event-time-start", 9},
      {"exclude-resource-types", 8},
      {"full-refresh", 5},
      {"log-level", 5},
      {"profile", 8},
      {"project-dir", 5},
      {"quiet", 2},
      {"resource-types", 8},
      {"sample", 10},
      {"state", 5},
      {"store-failures", 5},
      {"target", 8},
      {"target-path", 2},
  };
  const auto found = kFirst.find(option);
  return found == kFirst.end() ? 0 : found->second;
}

// dbt-core, dbt/cli/flags.py: DEPRECATED_PARAMS.
const std::map<std::string, std::string, std::less<>>& OldNames() {
  static const std::map<std::string, std::string, std::less<>> kNames = {
      {"defer", "DEFER_TO_STATE"},
      {"favor-state", "FAVOR_STATE_MODE"},
      {"state", "ARTIFACT_STATE_PATH"},
  };
  return kNames;
}

constexpr int kFirstWithClick = 5;  // and with names in place of the old ones
// With "DBT_ENGINE_", which comes before "DBT_"; in dbt 2 it comes after that.
constexpr int kFirstWithEnginePrefix = 11;

std::string UpperCase(std::string_view option) {
  std::string upper(option);
  for (char& character : upper)
    character =
        character == '-'
            ? '_'
            : static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  return upper;
}

}  // namespace

std::optional<int> MinorOfDbt1(std::string_view version) {
  constexpr std::string_view kMajor = "1.";
  if (!version.starts_with(kMajor)) return std::nullopt;
  version.remove_prefix(kMajor.size());
  int minor = 0;
  const auto read =
      std::from_chars(version.data(), version.data() + version.size(), minor);
  if (read.ec != std::errc()) return std::nullopt;
  return minor;
}

bool IsBefore(std::string_view dbt_version, int minor) {
  const std::optional<int> own = MinorOfDbt1(dbt_version);
  return own.has_value() && *own < minor;
}

std::string DbtVariables::Value(std::string_view option) const {
  if (!IsBefore(version_, FirstMinorOf(option))) return ValueOf(UpperCase(option));
  const auto old = OldNames().find(option);
  return old == OldNames().end() ? "" : ValueOf(old->second);
}

std::string DbtVariables::Override(std::string_view option) const {
  const auto old = OldNames().find(option);
  if (old == OldNames().end() || IsBefore(version_, kFirstWithClick)) return "";
  return ValueOf(old->second);
}

std::string DbtVariables::ValueOf(const std::string& name) const {
  const auto with_prefix = [&name](const char* prefix) -> std::string {
    const char* value = std::getenv((prefix + name).c_str());
    return value == nullptr ? "" : value;
  };
  const bool reads_engine = !IsBefore(version_, kFirstWithEnginePrefix);
  const std::string engine = reads_engine ? with_prefix("DBT_ENGINE_") : "";
  const std::string plain = with_prefix("DBT_");
  const bool prefers_plain = version_.starts_with("2.") && !plain.empty();
  return prefers_plain || engine.empty() ? plain : engine;
}

}  // namespace aft
