// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "plugin/commands/context.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/run/run.h"

namespace aft {

/// A run of dbt with the scripts of its nodes, or dbt as it was typed where no script can
/// be bound.
std::unique_ptr<Run> StartDbt(CommandContext& context, const DbtCommand& command);

}  // namespace aft
