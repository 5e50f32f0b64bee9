// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugin/commands/called_dbt.h"
#include "plugin/commands/context.h"
#include "plugin/commands/look_ahead.h"

namespace aft {

/// dbt's words, with `--select` and `--exclude` in the place of the selector of
/// selectors.yml that they use, if it may name scripts; nothing where dbt alone can tell
/// what it selects. With `takes_default`, this holds for the default selector too. Throws
/// Error where options would mean something else.
std::optional<std::vector<std::string>> WordsForSelector(CalledDbt& dbt,
                                                         const ExpectedRun& expected,
                                                         const CommandContext& context,
                                                         bool takes_default);

}  // namespace aft
