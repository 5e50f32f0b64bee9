// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugin/project/graph.h"

namespace aft {

/// The stage that dbt is at: its nodes, and what dbt's log has told of them.
class OpenStage {
 public:
  void Begin(const std::vector<std::string>& nodes, const Graph& graph);

  /// A line of dbt's log.
  void TakeLine(const std::string& raw);

  /// Nodes of which nothing is known yet.
  [[nodiscard]] const std::set<std::string>& nodes() const { return nodes_; }
  /// False for what is none of them.
  bool Remove(const std::string& node) { return nodes_.erase(node) > 0; }
  /// dbt's invocation_id, as its log says.
  [[nodiscard]] const std::string& id() const { return id_; }

  /// Nodes that dbt only compiles.
  std::vector<std::string> TakeCompiled() { return std::exchange(compiled_, {}); }
  /// The nodes that dbt has begun, with their status or "".
  std::map<std::string, std::string> TakeTold() { return std::exchange(told_, {}); }

 private:
  std::set<std::string> nodes_;
  std::vector<std::string> compiled_;
  std::string id_;
  std::map<std::string, std::string> told_;
};

}  // namespace aft
