// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "host_shim/error.h"
#include "plugin/scripts/bound_scripts.h"

namespace aft {

/// A node with so many scripts before and after it, numbered from 0.
inline NodeScripts Scripts(const std::string& node, int before, int after) {
  NodeScripts of_node{node, false, {}};
  for (int i = 0; i < before + after; ++i) {
    Script script;
    script.when = i < before ? When::kBefore : When::kAfter;
    script.id = Text(node, ".", Name(script.when), ".", i);
    script.node = node;
    of_node.scripts.push_back(std::move(script));
  }
  return of_node;
}

}  // namespace aft
