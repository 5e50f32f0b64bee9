// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aft {

/// What one script may take, set at its binding or for the project under `vars: aft:`.
struct ScriptLimits {
  std::optional<std::chrono::milliseconds> timeout;  ///< for each try
  std::optional<std::int64_t> memory;                ///< bytes
  std::optional<int> retries;                        ///< further tries after a failure
};

/// Whether `name` is a limit's key: 'timeout', 'memory' or 'retries'.
bool IsLimit(std::string_view name);

/// Sets the limit `name` to what `value` says, as it stands in YAML. Throws Error that
/// says which values there are.
///
/// A time is a number of seconds or has a unit (ms, s, m, h, d): 90, "500ms", "1.5h". A
/// size is a number of bytes or has a unit (K, M, G, T; powers of 1,024): "512M".
void SetLimit(std::string_view name, std::string_view value, ScriptLimits& limits);

/// The priority that `value` says, as it stands in YAML. Throws Error likewise.
int Priority(std::string_view value);

/// How many scripts may run at once, as `vars: aft: concurrency:` says. Throws Error
/// likewise.
int Concurrency(std::string_view value);

/// `limits` with those of `defaults` where it sets none itself.
ScriptLimits OrDefaults(const ScriptLimits& limits, const ScriptLimits& defaults);

/// "2m 30s", as SetLimit() would take its parts.
std::string InWords(std::chrono::milliseconds time);

/// "1.5G".
std::string SizeInWords(std::int64_t bytes);

}  // namespace aft
