// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/schedule.h"

#include <algorithm>
#include <utility>

#include "plugin/dbt/node_status.h"

namespace aft {
namespace {

/// Moves the scripts that run at `when` from `waiting` to the end of `due`.
void Take(When when, std::vector<Script>& waiting, std::vector<Script>& due) {
  const auto rest =
      std::stable_partition(waiting.begin(), waiting.end(),
                            [when](const Script& script) { return script.when == when; });
  due.insert(due.end(), std::make_move_iterator(waiting.begin()),
             std::make_move_iterator(rest));
  waiting.erase(waiting.begin(), rest);
}

}  // namespace

void Schedule::Add(const std::string& node, bool is_ephemeral,
                   std::vector<Script> scripts) {
  nodes_[node] = {is_ephemeral, std::move(scripts), false, false};
}

std::vector<std::string> Schedule::BoundNodes() const {
  std::vector<std::string> ids;
  ids.reserve(nodes_.size());
  for (const auto& [id, node] : nodes_) ids.push_back(id);
  return ids;
}

std::vector<Script> Schedule::TakeDue(const DbtEvent& event) {
  std::vector<Script> due;
  const auto found = nodes_.find(event.node);
  if (found == nodes_.end()) return due;
  BoundNode& node = found->second;
  if (event.kind == DbtEvent::Kind::kNodeCompiling) {
    node.has_begun = true;
    Take(When::kBefore, node.waiting, due);
    if (node.is_ephemeral) Take(When::kAfter, node.waiting, due);
  } else if (event.kind == DbtEvent::Kind::kNodeResult) {
    node.has_result = true;
    if (IsSuccess(event.status)) Take(When::kAfter, node.waiting, due);
  }
  return due;
}

std::vector<Script> Schedule::TakeLeft(const DbtEvent& event) {
  const auto found = nodes_.find(event.node);
  if (found == nodes_.end()) return {};
  BoundNode& node = found->second;
  // A microbatch model begins and has a result once; in between, each of its batches
  // finishes under the model's own name.
  const bool is_over = event.kind == DbtEvent::Kind::kNodeResult
                           ? !IsSuccess(event.status)
                           : !node.has_begun || node.has_result || node.is_ephemeral;
  return is_over ? std::exchange(node.waiting, {}) : std::vector<Script>();
}

std::vector<Script> Schedule::TakeAllLeft(const std::set<std::string>& nodes) {
  std::vector<Script> left;
  for (auto& [id, node] : nodes_) {
    if (!nodes.contains(id)) continue;
    for (Script& script : std::exchange(node.waiting, {}))
      left.push_back(std::move(script));
  }
  return left;
}

}  // namespace aft
