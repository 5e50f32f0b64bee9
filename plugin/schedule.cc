// SPDX-License-Identifier: Apache-2.0
#include "plugin/schedule.h"

#include <algorithm>
#include <utility>

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
  nodes_[node] = {is_ephemeral, std::move(scripts)};
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
  auto& [is_ephemeral, waiting] = found->second;
  if (event.kind == DbtEvent::Kind::kNodeCompiling) {
    Take(When::kBefore, waiting, due);
    if (is_ephemeral) Take(When::kAfter, waiting, due);
  } else if (event.kind == DbtEvent::Kind::kNodeResult && event.status == "success") {
    Take(When::kAfter, waiting, due);
  }
  return due;
}

bool Schedule::IsWaiting(const std::string& node) const {
  const auto found = nodes_.find(node);
  return found != nodes_.end() && !found->second.waiting.empty();
}

std::vector<Script> Schedule::TakeLeft(const std::string& node) {
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) return {};
  return std::exchange(found->second.waiting, {});
}

}  // namespace aft
