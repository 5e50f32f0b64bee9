// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugin/commands/called_dbt.h"
#include "plugin/commands/context.h"
#include "plugin/project/project_config.h"

namespace aft {

/// The project that `dbt` works on, with the values that dbt gives to templates; without
/// a folder where there is none. Where a template can't be rendered, `problems` says why:
/// it matters once there are scripts.
ProjectConfig RenderedProject(CalledDbt& dbt, const CommandContext& context);

}  // namespace aft
