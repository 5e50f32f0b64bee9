// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/project/script_limits.h"

namespace aft {

/// When a script runs, in this order: before and after its node, or, as a hook, right
/// before and right after dbt works on the node.
enum class When { kBefore, kPreHook, kPostHook, kAfter };

/// "before", "pre-hook", "post-hook" or "after".
const char* Name(When when);

/// What people call it: "script", "pre-hook" or "post-hook".
const char* KindName(When when);

inline bool IsHook(When when) {
  return when == When::kPreHook || when == When::kPostHook;
}

inline bool RunsBeforeNode(When when) {
  return when == When::kBefore || when == When::kPreHook;
}

/// One entry under `scripts`, `pre-hook` or `post-hook` in a node's `meta.fal` or
/// `meta.aft`.
struct ScriptBinding {
  When when = When::kAfter;
  std::string path;       ///< as the user wrote it
  std::string arguments;  ///< of `with`, as a JSON object; empty without
  ScriptLimits limits;
  std::string environment;      ///< its name; empty where none is given
  std::optional<int> priority;  ///< of those that wait, the highest starts first
  /// `writes: optional`: the scripts of its node need not write the node's table.
  bool may_leave_table = false;
  bool is_model = false;  ///< a Python model, whose path begins at the package's folder
};

/// Reads the bindings in `meta`, a node's `meta` as the manifest has it.
///
/// `scripts` is a list, whose entries run after the node, or has the lists `before` and
/// `after`; `pre-hook` and `post-hook` are lists. An entry is a path or has a `path`.
/// What is wrong with them is added to `problems`, a sentence each that begins with
/// `place`.
std::vector<ScriptBinding> ReadBindings(const boost::json::value& meta,
                                        const std::string& place,
                                        std::vector<std::string>& problems);

/// The file of the Python model that a node with this `meta` stands for, its first
/// script; empty for others.
std::string PythonModelOf(const boost::json::value& meta);

/// Whether scripts can be bound to a node of dbt's `resource_type`.
bool MayBindScripts(std::string_view resource_type);

/// Whether `value`, which stands under some key of a `meta`, looks as what stands under
/// `fal` or `aft`: it has `scripts` or hooks, or a key close to these, with a value of
/// that kind. Where the key above may be a misspelling or a word of the user's own, that
/// must have what may be a path.
bool HoldsScripts(const boost::json::value& value, bool under_misspelling = false);

/// Scripts that do not run, for `fal` or `aft` above them is misspelt: a sentence each
/// that begins with `place`.
std::vector<std::string> MisspeltBindings(const boost::json::value& meta,
                                          const std::string& place);

}  // namespace aft
