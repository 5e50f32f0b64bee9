// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/handed_over.h"

#include <boost/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_text.h"
#include "plugin/base/quoted_names.h"
#include "plugin/dbt/run_results.h"

namespace aft {

HandedOver::HandedOver(std::filesystem::path run_results,
                       std::vector<NodeScripts> unlisted)
    : run_results_(std::move(run_results)),
      unlisted_(std::move(unlisted)),
      old_results_(WrittenAt(run_results_)) {}

bool HandedOver::HasResults() const { return WrittenAt(run_results_) != old_results_; }

std::string HandedOver::Problem() const {
  std::set<std::string> unlisted;
  for (const NodeScripts& of_node : unlisted_) unlisted.insert(of_node.node);
  std::vector<std::string> built;
  for (const NodeResult& result : ResultsIn(ReadJsonFileOrNull(run_results_)))
    if (result.status != "skipped" && unlisted.contains(result.node))
      built.push_back(result.node);
  if (built.empty()) return "";
  return Text("the scripts of ", QuotedNames(built),
              " did not run because dbt did not list these nodes before it built them");
}

}  // namespace aft
