// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_choice.h"

namespace aft {

void ScriptChoice::Apply(BoundScripts& bound, Results& results) const {
  if (!scripts) return;
  std::set<std::string> chosen = *scripts;
  if (takes_models)
    for (const NodeScripts& of_node : bound.nodes)
      for (const Script& script : of_node.scripts)
        if (script.is_model) chosen.insert(script.id);
  results.KeepChoice(chosen, alone);
  bound.environments.clear();
  for (NodeScripts& of_node : bound.nodes) {
    std::erase_if(of_node.scripts, [&](const Script& script) {
      return !IsHook(script.when) && !chosen.contains(script.id);
    });
    for (const Script& script : of_node.scripts)
      of_node.is_alone = of_node.is_alone || alone.contains(script.id);
    if (of_node.is_alone)
      std::erase_if(of_node.scripts, [this](const Script& script) {
        return !scripts->contains(script.id);
      });
    for (const Script& script : of_node.scripts)
      bound.environments.insert(script.environment);
  }
  std::erase_if(bound.nodes,
                [](const NodeScripts& of_node) { return of_node.scripts.empty(); });
}

}  // namespace aft
