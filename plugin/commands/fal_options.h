// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "host_shim/command_usage.h"

namespace aft {

/// What fal's commands also take before their own names; the right-most counts.
inline constexpr CommandArgument kProjectDirOption = {"--project-dir", "DIR",
                                                      "The folder of dbt_project.yml."};
inline constexpr CommandArgument kProfilesDirOption = {"--profiles-dir", "DIR",
                                                       "The folder of profiles.yml."};
inline constexpr CommandArgument kDeferOption = {
    "--defer", "", "Read what is not selected from the state of '--state'."};
inline constexpr CommandArgument kDebugOption = {"--debug", "",
                                                 "Show debug lines of dbt's log."};
inline constexpr CommandArgument kDisableLoggingOption = {
    "--disable-logging", "", "Accepted for compatibility with fal; it has no effect."};
inline constexpr auto kFalOptions =
    std::to_array({kProjectDirOption, kProfilesDirOption, kDeferOption, kDebugOption,
                   kDisableLoggingOption});

/// The options of a command of fal's: its `own`, and kFalOptions behind them.
template <std::size_t count>
constexpr auto WithFalOptions(const std::array<CommandArgument, count>& own) {
  std::array<CommandArgument, count + kFalOptions.size()> all{};
  std::copy(own.begin(), own.end(), all.begin());
  std::copy(kFalOptions.begin(), kFalOptions.end(), all.begin() + count);
  return all;
}

/// Adds those in `words` to the arguments for `dbt run`.
void AddFalOptions(const CommandWords& words, std::vector<std::string>& arguments);

}  // namespace aft
