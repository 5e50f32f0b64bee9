// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugin/commands/context.h"
#include "plugin/run/run.h"

namespace aft {

/// Starts what `arguments`, those after the program's name, ask for: a command or help.
/// Options of aft's own may stand before the command as well as after it. Throws Error
/// for what is no command, or a wrong one.
std::unique_ptr<Run> StartCommand(CommandContext& context,
                                  const std::vector<std::string>& arguments);

}  // namespace aft
