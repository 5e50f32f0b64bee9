// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/known_keys.h"

#include <algorithm>

#include "host_shim/edit_distance.h"
#include "host_shim/error.h"

namespace aft {
namespace {

constexpr auto kProducts = std::to_array<std::string_view>({"fal", "aft"});
constexpr auto kMeta = std::to_array<std::string_view>({"meta"});
constexpr auto kConfig = std::to_array<std::string_view>({"config"});
constexpr auto kKinds =
    std::to_array<std::string_view>({"models", "seeds", "snapshots", "sources"});
constexpr auto kWithoutScripts = std::to_array<std::string_view>(
    {"groups", "metrics", "saved_queries", "semantic_models"});
constexpr auto kOtherKinds = std::to_array<std::string_view>(
    {"analyses", "anchors", "data_tests", "docs", "exposures", "functions", "macros",
     "tests", "unit_tests"});
constexpr auto kScripts = std::to_array<std::string_view>({"scripts"});
constexpr auto kHooks = std::to_array<std::string_view>({"pre-hook", "post-hook"});

std::string List(KnownKeys keys) {
  std::string list;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool is_last = i + 1 == keys.size();
    const char* between = i == 0 ? "" : is_last ? " and " : ", ";
    list += Text(between, "'", keys[i], "'");
  }
  return list;
}

}  // namespace

bool IsKnown(std::string_view key, KnownKeys known) {
  return std::find(known.begin(), known.end(), key) != known.end();
}

std::string UnknownKey(std::string_view key, std::string_view place, KnownKeys known) {
  const std::string what =
      Text("unknown key '", key, "'", place.empty() ? "" : " ", place);
  const std::string hint = DidYouMean(key, known);
  if (!hint.empty()) return what + hint;
  if (known.size() == 1) return Text(what, "; the only key is '", known.front(), "'");
  return Text(what, "; the keys are ", List(known));
}

bool AreMisspeltSettings(std::string_view key, const std::vector<std::string>& names) {
  static constexpr auto kOwn = std::to_array<std::string_view>({"aft"});
  if (key == "aft" || ClosestName(key, kOwn).empty()) return false;
  return std::any_of(names.begin(), names.end(),
                     [](const std::string& name) { return IsKnown(name, kSettingKeys); });
}

std::string MisspeltSettings(std::string_view key) {
  return Text("aft reads no settings under '", key, "'; did you mean 'aft'?");
}

std::string_view MisspeltProduct(std::string_view key) {
  return IsKnown(key, kProducts) ? std::string_view() : ClosestName(key, kProducts);
}

bool IsMisspeltMeta(std::string_view key) {
  if (key.starts_with('+')) key.remove_prefix(1);
  return key != "meta" && !ClosestName(key, kMeta).empty();
}

std::string_view MisspeltKind(std::string_view key) {
  for (const KnownKeys known :
       {KnownKeys(kKinds), KnownKeys(kWithoutScripts), KnownKeys(kOtherKinds)})
    if (IsKnown(key, known)) return {};
  return ClosestName(key, kKinds);
}

bool HasNoScripts(std::string_view key) { return IsKnown(key, kWithoutScripts); }

bool IsMisspeltConfig(std::string_view key) {
  return key != "config" && !ClosestName(key, kConfig).empty();
}

bool IsLikeAPath(std::string_view text) {
  return text.find_first_of("/.") != std::string_view::npos &&
         text.find_first_of(" \t\n") == std::string_view::npos;
}

bool IsPythonFile(std::string_view path) {
  return path.ends_with(".py") || path.ends_with(".ipynb");
}

bool IsLikeScripts(std::string_view key) { return !ClosestName(key, kScripts).empty(); }

bool IsLikeHook(std::string_view key) { return !ClosestName(key, kHooks).empty(); }

}  // namespace aft
