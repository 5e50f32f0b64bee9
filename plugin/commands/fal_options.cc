// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/fal_options.h"

namespace aft {

void AddFalOptions(const CommandWords& words, std::vector<std::string>& arguments) {
  for (const CommandArgument& option : {kProjectDirOption, kProfilesDirOption})
    if (words.options.contains(option.name))
      arguments.insert(arguments.end(),
                       {std::string(option.name), words.Value(option.name)});
  if (words.options.contains(kDeferOption.name))
    arguments.emplace_back(kDeferOption.name);
  // dbt before 1.5 takes this one only here.
  if (words.options.contains(kDebugOption.name))
    arguments.emplace(arguments.begin(), kDebugOption.name);
}

}  // namespace aft
