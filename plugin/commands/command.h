// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "host_shim/command_usage.h"
#include "plugin/commands/context.h"
#include "plugin/run/run.h"

namespace aft {

/// A command of aft: the word after `aft`, what may come after it, and what it does.
struct Command {
  CommandUsage usage;
  /// Throws Error where the command can't begin. Null where the program runs the command
  /// without the plugin.
  std::unique_ptr<Run> (*start)(CommandContext& context, const CommandWords& words);
};

/// Options of more than one command.
inline constexpr auto kDbtModes =
    std::to_array<std::string_view>({"auto", "live", "staged"});
inline constexpr CommandArgument kDbtOption = {
    "--aft-dbt", "PATH",
    "The dbt to start. By default it is the first one in aft's own virtual environment, "
    "$VIRTUAL_ENV, .venv and PATH."};
inline constexpr CommandArgument kModeOption = {
    "--aft-mode", "MODE",
    "How scripts get their turns: live (inside one dbt process), staged (between several "
    "dbt processes) or auto (the default: live where dbt can, otherwise staged).",
    kDbtModes};

}  // namespace aft
