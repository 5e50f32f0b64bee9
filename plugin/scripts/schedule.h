// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugin/dbt/dbt_event.h"
#include "plugin/project/script.h"

namespace aft {

/// Which scripts a node's event sets off, and which will not run any more.
///
/// Gives each script out once at the most. Starts nothing and asks no clock, so that a
/// test can walk it through any order of events.
class Schedule {
 public:
  /// The scripts of one node in the order in which they run. Those after an ephemeral
  /// node run when its parents are done, for dbt never materializes it.
  void Add(const std::string& node, bool is_ephemeral, std::vector<Script> scripts);

  [[nodiscard]] bool empty() const { return nodes_.empty(); }
  /// The unique ids of the nodes that scripts are bound to.
  [[nodiscard]] std::vector<std::string> BoundNodes() const;

  /// The scripts to run, one after another, before dbt may go on from `event`.
  std::vector<Script> TakeDue(const DbtEvent& event);

  /// The scripts of the node that will never be due: none unless `event` is the last of
  /// it that matters.
  std::vector<Script> TakeLeft(const DbtEvent& event);

  /// A before-script of the node has failed: its hooks don't run, either.
  void GiveUpHooks(const std::string& node);

  /// All scripts of `nodes` that are left, when dbt has ended.
  std::vector<Script> TakeAllLeft(const std::set<std::string>& nodes);

 private:
  struct BoundNode {
    bool is_ephemeral;
    std::vector<Script> waiting;
    bool has_begun = false;
    bool has_result = false;
    bool runs_hooks = true;

    /// Whether `when` is due at the event.
    [[nodiscard]] bool IsDue(When when, const DbtEvent& event) const;
  };

  std::map<std::string, BoundNode> nodes_;
};

}  // namespace aft
