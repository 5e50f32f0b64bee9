// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aft {

/// The keys that aft reads, one list for each place. A key that is not listed is refused.

/// Under `meta.aft` and `meta.fal`.
inline constexpr auto kProductKeys = std::to_array<std::string_view>({
    "scripts",
    "environment",
    "priority",
    "writes",
    "pre-hook",
    "post-hook",
});

/// Further keys under `meta.fal` that fal knew and that bind no script.
inline constexpr auto kFalKeys = std::to_array<std::string_view>({
    "feature_store",
});

/// Under `scripts`.
inline constexpr auto kScriptsKeys = std::to_array<std::string_view>({
    "before",
    "after",
});

/// Beside the `path` of a script.
inline constexpr auto kScriptKeys = std::to_array<std::string_view>({
    "path",
    "with",
    "environment",
    "timeout",
    "memory",
    "retries",
    "priority",
});

/// Under `vars: aft:`.
inline constexpr auto kSettingKeys = std::to_array<std::string_view>({
    "connections",
    "concurrency",
    "timeout",
    "memory",
    "retries",
    "unordered_refs",
    "decimals",
    "dates",
    "infinite_dates",
    "packages",
});

/// In fal_project.yml.
inline constexpr auto kEnvironmentFileKeys = std::to_array<std::string_view>({
    "environments",
});

using KnownKeys = std::span<const std::string_view>;

bool IsKnown(std::string_view key, KnownKeys known);

/// "unknown key 'script' PLACE; did you mean 'scripts'?", or, where no known key is
/// close, "…; the keys are 'before' and 'after'". `place` may be empty.
std::string UnknownKey(std::string_view key, std::string_view place, KnownKeys known);

/// Whether these may be aft's settings under a misspelling of `aft`. Projects have
/// variables of their own, so that one of aft's settings has to be among the names.
bool AreMisspeltSettings(std::string_view key, const std::vector<std::string>& names);

/// "nothing reads the settings under 'aftt'; did you mean 'aft'?"
std::string MisspeltSettings(std::string_view key);

/// `fal` or `aft` where `key` may be a misspelling of it; empty for these two themselves
/// and for all else. What stands below must tell whether it is one: `alt` is close, too.
std::string_view MisspeltProduct(std::string_view key);

/// Whether `key` may be a misspelling of `meta`. A `+` before it, as in dbt_project.yml,
/// does not count.
bool IsMisspeltMeta(std::string_view key);

/// The key at the top of a schema file, for nodes that may have scripts, of which `key`
/// may be a misspelling: `models` for `Models` or `model`. Empty for those that dbt has.
std::string_view MisspeltKind(std::string_view key);

/// Whether what `key` has at the top of a schema file can't have scripts, and the
/// manifest does not tell of all that stands there.
bool HasNoScripts(std::string_view key);

/// Whether `key` may be a misspelling of `config`.
bool IsMisspeltConfig(std::string_view key);

/// Whether `text` may be the path of a script: it has a slash or a point, and no blanks.
bool IsLikeAPath(std::string_view text);

/// Whether `path` is that of a script in Python.
bool IsPythonFile(std::string_view path);

/// Whether `key` is `scripts` or close to it.
bool IsLikeScripts(std::string_view key);

/// Whether `key` is `pre-hook` or `post-hook` or close to one of them.
bool IsLikeHook(std::string_view key);

}  // namespace aft
