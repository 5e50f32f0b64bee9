// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/project/joint_graph.h"

namespace aft {

/// "b <- a, e; (e) <- a": nodes with their parents, ephemeral models in parentheses.
inline Graph GraphFrom(const std::string& text) {
  Graph graph;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line, ';');) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream words(line);
    std::string id;
    words >> id;
    GraphNode node;
    node.type = id.rfind("test_", 0) == 0 ? "test" : "model";
    if (id.front() == '(') {
      id = id.substr(1, id.size() - 2);
      node.materialization = "ephemeral";
    }
    node.selector = Text("fqn:shop.", id, ",path:models/", id, ".sql");
    for (std::string parent; words >> parent;)
      if (parent != "<-") node.parents.insert(parent);
    graph.emplace(id, std::move(node));
  }
  return graph;
}

/// "load.py > a; a > score.py": scripts before and after nodes. Their ids are
/// "load.py>a" and "a>score.py".
inline std::vector<GraphScript> ScriptsFrom(const std::string& text) {
  std::vector<GraphScript> scripts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line, ';');) {
    std::istringstream words(line);
    std::string first, arrow, second;
    words >> first >> arrow >> second;
    const bool is_before = first.find('.') != std::string::npos;
    const std::string& path = is_before ? first : second;
    scripts.push_back({Text(first, ">", second), is_before ? second : first,
                       is_before ? When::kBefore : When::kAfter, path});
  }
  return scripts;
}

}  // namespace aft
