// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "plugin/commands/command.h"

namespace aft {

/// All commands, in the order of the help.
const std::vector<const Command*>& Commands();

/// The command of this name; null without.
const Command* FindCommand(std::string_view name);

/// The options of aft's own among those of all commands, each once. They begin with
/// `--aft-`, and may also stand before the command.
std::vector<CommandArgument> OwnOptions();

}  // namespace aft
