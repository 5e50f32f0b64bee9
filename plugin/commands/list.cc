// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/list.h"

#include <algorithm>

namespace aft {

// CMake makes commands.inc of the list in CMakeLists.txt: AFT_COMMAND(Name) for each.
#define AFT_COMMAND(name) extern const Command k##name;
#include "plugin/commands/commands.inc"
#undef AFT_COMMAND

const std::vector<const Command*>& Commands() {
#define AFT_COMMAND(name) &k##name,
  static const std::vector<const Command*> kAll = {
#include "plugin/commands/commands.inc"
  };
#undef AFT_COMMAND
  return kAll;
}

const Command* FindCommand(std::string_view name) {
  for (const Command* command : Commands())
    if (command->usage.name == name) return command;
  return nullptr;
}

std::vector<CommandArgument> OwnOptions() {
  std::vector<CommandArgument> own;
  for (const Command* command : Commands())
    for (const CommandArgument& option : command->usage.options) {
      const bool is_listed = std::any_of(
          own.begin(), own.end(),
          [&](const CommandArgument& other) { return other.name == option.name; });
      if (option.name.starts_with("--aft-") && !is_listed) own.push_back(option);
    }
  return own;
}

}  // namespace aft
