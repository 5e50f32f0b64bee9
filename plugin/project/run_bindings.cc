// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/run_bindings.h"

#include <algorithm>
#include <boost/json.hpp>

#include "host_shim/error.h"

namespace aft {

std::vector<ScriptBinding> ReadRunBindings(const boost::json::value& value,
                                           const std::string& place,
                                           const std::string& product,
                                           std::vector<std::string>& problems) {
  // Entries are those of a node.
  std::vector<std::string> of_node;
  std::vector<ScriptBinding> bindings =
      ReadBindings(boost::json::object{{product, value}}, "", of_node);
  const std::string prefix = Text(": meta.", product);
  for (const std::string& problem : of_node)
    problems.push_back(Text(place, ": ", product, problem.substr(prefix.size())));
  std::erase_if(bindings, [&](const ScriptBinding& binding) {
    if (!IsHook(binding.when)) return false;
    problems.push_back(Text(place, ": ", product, ": ", KindName(binding.when), " '",
                            binding.path,
                            "' has no node; put it under the 'meta' of one"));
    return true;
  });
  return bindings;
}

}  // namespace aft
