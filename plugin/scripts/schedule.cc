// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/schedule.h"

#include <algorithm>
#include <utility>

#include "plugin/dbt/node_status.h"

namespace aft {
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

bool Schedule::BoundNode::IsDue(When when, const DbtEvent& event) const {
  if (event.kind == DbtEvent::Kind::kNodeCompiling)
    return is_ephemeral || RunsBeforeNode(when);
  if (event.kind != DbtEvent::Kind::kNodeResult) return false;
  if (IsSuccess(event.status)) return !RunsBeforeNode(when);
  return when == When::kPostHook && IsFailure(event.status) && has_begun && runs_hooks;
}

std::vector<Script> Schedule::TakeDue(const DbtEvent& event) {
  const auto found = nodes_.find(event.node);
  if (found == nodes_.end()) return {};
  BoundNode& node = found->second;
  node.has_begun |= event.kind == DbtEvent::Kind::kNodeCompiling;
  node.has_result |= event.kind == DbtEvent::Kind::kNodeResult;
  std::vector<Script> due;
  std::vector<Script> rest;
  for (Script& script : node.waiting)
    (node.IsDue(script.when, event) ? due : rest).push_back(std::move(script));
  node.waiting = std::move(rest);
  std::stable_sort(due.begin(), due.end(), ComesBefore);
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
  if (!is_over) return {};
  std::vector<Script> left;
  std::vector<Script> due;
  for (Script& script : node.waiting)
    (node.IsDue(script.when, event) ? due : left).push_back(std::move(script));
  node.waiting = std::move(due);
  return left;
}

void Schedule::GiveUpHooks(const std::string& node) {
  const auto found = nodes_.find(node);
  if (found != nodes_.end()) found->second.runs_hooks = false;
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
