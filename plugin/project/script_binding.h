// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
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
  /// `writes: optional`: the scripts of its node need not write the node's table.
  bool may_leave_table = false;
};

/// Reads the bindings in `meta`, a node's `meta` as the manifest has it.
///
/// `scripts` is a list, whose entries run after the node, or has the lists `before` and
/// `after`; an entry is a path or has a `path`. What is wrong with them is added to
/// `problems`, a sentence each that begins with `place`.
std::vector<ScriptBinding> ReadBindings(const boost::json::value& meta,
                                        const std::string& place,
                                        std::vector<std::string>& problems);

/// Whether scripts can be bound to a node of dbt's `resource_type`.
bool MayBindScripts(std::string_view resource_type);

/// Whether `value`, which stands under some key of a `meta`, looks as what stands under
/// `fal` or `aft`: it has `scripts`, or a key close to that, with a value of that kind.
/// Where the key above may be a misspelling or a word of the user's own, that must have
/// what may be a path.
bool HoldsScripts(const boost::json::value& value, bool under_misspelling = false);

/// Scripts that do not run, for `fal` or `aft` above them is misspelt: a sentence each
/// that begins with `place`.
std::vector<std::string> MisspeltBindings(const boost::json::value& meta,
                                          const std::string& place);

}  // namespace aft
