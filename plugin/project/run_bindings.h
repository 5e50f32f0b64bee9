// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "plugin/project/script_binding.h"

namespace aft {

/// Reads the scripts of whole runs: `value` stands under `fal` or `aft`, `product`, at
/// the top of a schema file. What is wrong with them is added to `problems`, a sentence
/// each that begins with `place`.
std::vector<ScriptBinding> ReadRunBindings(const boost::json::value& value,
                                           const std::string& place,
                                           const std::string& product,
                                           std::vector<std::string>& problems);

}  // namespace aft
