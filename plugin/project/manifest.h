// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/project/graph.h"
#include "plugin/project/node_names.h"
#include "plugin/project/placeholder.h"
#include "plugin/project/script_binding.h"

namespace aft {

/// A model, seed, snapshot or source table that has scripts bound to it.
struct BoundNode {
  std::string unique_id;
  std::string name;     ///< of a source: its own, a dot and the table's
  std::string package;  ///< the dbt package whose files bind the scripts
  bool is_ephemeral = false;
  bool is_source = false;
  std::vector<ScriptBinding> bindings;
  std::vector<std::string> problems;  ///< with those of a package; a sentence each
};

/// What dbt's manifest.json says about scripts.
struct Manifest {
  std::string project;  ///< name of the root project; empty where it is not known
  std::vector<BoundNode> nodes;
  std::vector<Placeholder> placeholders;  ///< those of the nodes that are ephemeral
  std::vector<std::string> problems;      ///< with the bindings; a sentence each
  std::vector<std::string> warnings;      ///< about scripts that do not run, likewise
  Graph graph;
  NodeNames names;
  std::string dbt_version;  ///< of the dbt that wrote it
  std::string id;           ///< of the command that wrote it; empty where none is there
  bool has_hooks = false;   ///< on-run-start or on-run-end, of any package
  /// Of its database, which dbt and every script would open.
  bool admits_one_process = false;
};

/// Reads the manifest of any dbt. dbt before 1.6 does not name the root project in it;
/// its name is then `project`. Throws Error when the file can't be read or is no
/// manifest.
Manifest ReadManifest(const std::filesystem::path& path, const std::string& project = "");

}  // namespace aft
