// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

namespace aft {

/// The scripts in `manifest`, a manifest as JSON, that are bound to what has none:
/// columns, tests, exposures, macros and the like of the root `project`. A sentence each.
std::vector<std::string> FindUnboundScripts(const boost::json::object& manifest,
                                            const std::string& project);

}  // namespace aft
