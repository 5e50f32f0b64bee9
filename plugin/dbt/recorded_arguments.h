// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "plugin/dbt/dbt_arguments.h"

namespace aft {

/// The `args` of run_results.json say how a run was called; `dbt retry` reads them. These
/// are the ones that decide what is built and how. What was selected is not among them:
/// a retry takes its nodes from the results.

/// The options that repeat what `args` say.
std::vector<std::string> RecordedOptions(const boost::json::value& args);

/// The options, folders among them, that call the run of `args` again from the working
/// folder, as people would type them. dbt's version says which variables count.
std::vector<std::string> OptionsToCallAgain(const boost::json::value& args,
                                            const std::string& dbt_version);

/// What of `args`, or of dbt's flags, may be kept for that: no secret.
boost::json::object ArgumentsToKeep(const boost::json::value& args);

/// What dbt would record of a run that was called with `arguments`. Throws Error for
/// `--vars` that are not YAML.
boost::json::object RecordedArguments(const DbtArguments& arguments);

}  // namespace aft
