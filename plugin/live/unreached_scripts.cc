// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/unreached_scripts.h"

#include <utility>

#include "host_shim/error.h"
#include "plugin/dbt/run_results.h"

namespace aft {

void UnreachedScripts::Record(Schedule& schedule, RunningDbt& dbt,
                              const std::string& reason, bool is_interrupted) {
  std::set<std::string> listed;
  for (const NodeResult& result :
       ReadRunResults(dbt.target_folder / "run_results.json", dbt.invocation.id))
    listed.insert(result.node);
  const std::vector<Script> scripts =
      schedule.TakeAllLeft(selected_ ? *selected_ : listed);
  std::set<std::string> unlisted = selected_.value_or(std::set<std::string>{});
  for (const std::string& node : listed) unlisted.erase(node);
  // An interrupt may have met a node in the middle of its scripts.
  if (!scripts.empty() || is_interrupted) dbt.results.AddUnreached(std::move(unlisted));
  if (scripts.empty()) return;
  for (const Script& script : scripts) {
    dbt.results.Skip(script, Text("not run because ", reason));
    nodes_.insert(script.node);
  }
  count_ = scripts.size();
  reason_ = reason;
}

std::vector<std::string> UnreachedScripts::Problems(int exit_code) const {
  std::vector<std::string> problems;
  if (exit_code == 0)
    for (const std::string& node : nodes_)
      problems.push_back(
          Text("the scripts of '", node,
               "' did not run, because dbt ended without a word about it"));
  else if (count_ > 0)
    problems.push_back(Text(count_, count_ == 1 ? " script" : " scripts",
                            " did not run because ", reason_));
  return problems;
}

}  // namespace aft
