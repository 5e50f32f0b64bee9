// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "plugin/commands/called_dbt.h"
#include "plugin/commands/context.h"
#include "plugin/project/project_config.h"

namespace aft {

/// The project that `dbt` works on, with the values that dbt gives to templates; without
/// a folder where there is none. Where a template can't be rendered, `problems` says why:
/// it matters once there are scripts.
ProjectConfig RenderedProject(CalledDbt& dbt, const CommandContext& context);

/// `key` of a file in the project's folder, rendered like dbt_project.yml. Throws Error
/// where a template in it can't be rendered.
boost::json::value RenderedValue(const std::string& file, const std::string& key,
                                 const ProjectConfig& project, CalledDbt& dbt,
                                 const CommandContext& context);

}  // namespace aft
