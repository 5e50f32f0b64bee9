// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugin/project/joint_graph.h"
#include "plugin/selection/selector.h"

namespace aft {

/// Says in dbt's own selector language which of its nodes a criterion about scripts
/// reaches.
class DbtSelectors {
 public:
  /// `builds_tests` tells whether tests matter. `graph` outlives this object.
  DbtSelectors(const JointGraph& graph, bool builds_tests);

  /// Terms whose union is what `criterion` reaches from `scripts`, without scripts. They
  /// are few where dbt can name the nodes around a script by one criterion each.
  [[nodiscard]] std::vector<std::string> For(const Criterion& criterion,
                                             const std::set<std::string>& scripts) const;

  /// Whether dbt can be told to build, or to check, nodes of this type.
  [[nodiscard]] bool Counts(const std::string& type) const;

 private:
  using Terms = std::vector<std::string>;

  bool AddAround(const GraphScript& script, const Criterion& criterion,
                 Terms& terms) const;
  [[nodiscard]] const std::string* NameOf(const std::string& node) const;
  bool Add(const std::string& prefix, const std::string& node, const std::string& suffix,
           Terms& terms) const;
  [[nodiscard]] Terms OneByOne(const std::set<std::string>& reached) const;

  const JointGraph& graph_;
  bool builds_tests_;
  std::map<std::string, std::string> names_;  ///< criteria that match one node alone
  Children children_;
};

}  // namespace aft
