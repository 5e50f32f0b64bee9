// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace aft {

/// A node of dbt's graph: a model, seed, snapshot, test, source, exposure, …
struct GraphNode {
  std::string type;  ///< dbt's resource_type
  std::string name;
  std::string materialization;  ///< of a model; else empty
  std::string relation;  ///< "schema.alias", as dbt's console names it; may be empty
  std::string file;      ///< that defines it
  std::string selector;  ///< picks this node alone on dbt's command line
  std::set<std::string> parents;
  bool has_freshness = false;       ///< a source with a rule by which dbt checks it
  bool continues_on_error = false;  ///< a model whose failure keeps no child back

  [[nodiscard]] bool is_ephemeral() const { return materialization == "ephemeral"; }
  /// It is no work for dbt, and not every dbt gives an account of it.
  [[nodiscard]] bool may_be_untold() const {
    return type == "exposure" || type == "saved_query";
  }
};

/// All nodes of a project and its packages, by unique id.
using Graph = std::map<std::string, GraphNode>;

/// The nodes that have each as a parent.
using Children = std::map<std::string, std::vector<std::string>>;
Children ChildrenOf(const Graph& graph);

/// All that is below `id`, directly or not.
std::set<std::string> DescendantsOf(const std::string& id, const Children& children);

/// All that is above `id`, directly or not.
std::set<std::string> AncestorsOf(const std::string& id, const Graph& graph);

/// Adds what `dbt build` has beside the parents of the manifest: a node waits for the
/// tests of what it is built from. (dbt-core, compilation.py: add_test_edges)
void AddTestEdges(Graph& graph);

/// A selector that matches the node with this fully qualified name in this file, and no
/// other: dbt takes each for a prefix, and cuts at spaces and commas, which `?` stands
/// for. (dbt documentation: "Node selector methods", "fqn" and "path")
std::string ExactSelector(const std::vector<std::string>& qualified_name,
                          const std::string& path);

/// The same for a node that a YAML file defines, for dbt 2, which does not find these by
/// the file's path.
std::string ExactSelectorOfType(const std::vector<std::string>& qualified_name,
                                const std::string& resource_type);

/// A selector that matches this table of a source and no other. (ibid., "source")
std::string SourceSelector(const std::string& package, const std::string& source,
                           const std::string& table);

}  // namespace aft
