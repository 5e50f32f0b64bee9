// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/dbt/run_results.h"
#include "plugin/project/graph.h"

namespace aft {

/// How many nodes of a run ended how, as dbt counts them at its end.
struct NodeCounts {
  int passed = 0;
  int warned = 0;
  int failed = 0;
  int skipped = 0;
  int partial = 0;  ///< microbatch models of which some batches failed
  int without_work = 0;

  [[nodiscard]] int total() const {
    return passed + warned + failed + skipped + partial + without_work;
  }
};

NodeCounts Count(const std::vector<NodeResult>& results);

/// "3 table models, 1 data test", as dbt's closing lines say it.
std::string Tally(const std::vector<NodeResult>& results, const Graph& graph,
                  const std::string& dbt_version);

}  // namespace aft
