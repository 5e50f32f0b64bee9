// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/open_stage.h"

#include <optional>

#include "plugin/dbt/dbt_log.h"

namespace aft {

void OpenStage::Begin(const std::vector<std::string>& nodes, const Graph& graph) {
  nodes_.clear();
  compiled_.clear();
  id_.clear();
  for (const std::string& node : nodes)
    if (graph.at(node).is_ephemeral())
      compiled_.push_back(node);
    else
      nodes_.insert(node);
}

void OpenStage::TakeLine(const std::string& raw) {
  const std::optional<DbtLogLine> line = ParseDbtLogLine(raw);
  if (!line) return;
  if (!line->invocation_id.empty()) id_ = line->invocation_id;
  if (line->name == "LogStartLine") told_.try_emplace(line->node);
  if (!line->status.empty()) told_[line->node] = line->status;
}

}  // namespace aft
