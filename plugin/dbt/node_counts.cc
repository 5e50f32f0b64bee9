// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/node_counts.h"

#include <algorithm>
#include <map>

#include "host_shim/error.h"

namespace aft {

NodeCounts Count(const std::vector<NodeResult>& results) {
  NodeCounts counts;
  for (const NodeResult& result : results) {
    if (result.status == "success" || result.status == "pass")
      ++counts.passed;
    else if (result.status == "warn")
      ++counts.warned;
    else if (result.status == "skipped")
      ++counts.skipped;
    else if (result.status == "partial success")
      ++counts.partial;
    else if (result.status == "no-op" || result.status == "reused")
      ++counts.without_work;
    else
      ++counts.failed;
  }
  return counts;
}

std::string Tally(const std::vector<NodeResult>& results, const Graph& graph,
                  const std::string& dbt_version) {
  std::map<std::string, int> counts;
  for (const NodeResult& result : results) {
    const auto found = graph.find(result.node);
    if (found == graph.end()) continue;
    const GraphNode& node = found->second;
    ++counts[node.materialization + (node.materialization.empty() ? "" : " ") +
             node.type];
  }
  std::string text;
  for (const auto& [type, count] : counts) {
    std::string kind = type;
    std::replace(kind.begin(), kind.end(), '_', ' ');
    // dbt 1.8 has given tests another name, and kept their place in the order.
    if (kind == "test" && dbt_version.rfind("1.7", 0) != 0) kind = "data test";
    text += Text(text.empty() ? "" : ", ", count, " ", kind, count == 1 ? "" : "s");
  }
  return text;
}

}  // namespace aft
