// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "plugin/project/script_limits.h"

namespace aft {

enum class When { kBefore, kAfter };

/// "before" or "after".
const char* Name(When when);

/// One entry under `scripts` in a node's `meta.fal` or `meta.aft`.
struct ScriptBinding {
  When when = When::kAfter;
  std::string path;       ///< as the user wrote it
  std::string arguments;  ///< of `with`, as a JSON object; empty without
  ScriptLimits limits;
  std::string environment;  ///< its name; empty where none is given
};

/// Reads the bindings in `meta`, a node's `meta` as the manifest has it.
///
/// `scripts` is a list, whose entries run after the node, or has the lists `before` and
/// `after`; an entry is a path or has a `path`. What is wrong with them is added to
/// `problems`, a sentence each that begins with `place`.
std::vector<ScriptBinding> ReadBindings(const boost::json::value& meta,
                                        const std::string& place,
                                        std::vector<std::string>& problems);

}  // namespace aft
