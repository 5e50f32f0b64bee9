// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plugin/project/joint_graph.h"

namespace aft {

/// One criterion of dbt's selector language: what is matched, and how far it reaches.
struct Criterion {
  std::string text;  ///< as typed
  std::string core;  ///< without graph operators: a value, or a method and a value
  int above = 0;     ///< levels of parents; 0 where there is no operator
  int below = 0;     ///< levels of children
  bool takes_parents_of_children = false;  ///< `@`
};

/// What matches all of these criteria: `a,b`.
using SelectorTerm = std::vector<Criterion>;

/// What matches one of these terms: `a b`.
using Selector = std::vector<SelectorTerm>;

/// Reads the values of `--select` or `--exclude` as dbt does: each may hold several
/// terms.
Selector ParseSelector(const std::vector<std::string>& values);

/// `core` and what the operators of `criterion` add, where `base` matches its core.
std::set<std::string> Reach(const Criterion& criterion, const std::set<std::string>& base,
                            const JointGraph& graph);

/// The ids of the scripts that `core` names: by their path, or by the end of it that
/// begins with a file or folder name. None where it is no name of a file.
std::set<std::string> ScriptsNamed(const std::string& core, const JointGraph& graph);

/// Whether `core` may be the name of a script, whatever its kind. Files of some kinds are
/// dbt's, and so is what has a method.
bool MayBeFileName(const std::string& core);

/// Whether `core` names the script at `path`, which is relative to the project.
bool NamesScript(const std::string& core, const std::string& path);

}  // namespace aft
