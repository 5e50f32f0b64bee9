// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/manifest.h"
#include "plugin/project/project_config.h"

namespace aft {

/// What the scripts of a project were when dbt wrote a manifest. They are kept beside it,
/// so that a later run can tell which scripts have changed.
struct ScriptDigests {
  /// The ids of the manifests that they belong to: each stage of a run writes one.
  std::set<std::string> manifests;
  /// Of each node, by unique id, the digests of its scripts, by their paths from the
  /// project's folder.
  std::map<std::string, std::map<std::string, std::string>> nodes;
};

/// Keeps the digests of all scripts and hooks that `manifest` binds to nodes, not to
/// sources, in `target_folder`, where they take the place of earlier ones. Returns why
/// that can't be done; empty where it can.
std::string KeepDigests(const Manifest& manifest, const ProjectConfig& project,
                        const DbtInvocation& invocation,
                        const std::filesystem::path& target_folder);

/// Has the digests that are kept in `target_folder` for the manifest `known` belong to
/// the manifest `id` as well. Returns the same.
std::string KeepDigestsAlsoFor(const std::string& id, const std::string& known,
                               const std::filesystem::path& target_folder);

/// The file in `folder` that they are kept in.
std::filesystem::path DigestFile(const std::filesystem::path& folder);

/// Those kept in `folder`; nullopt where there are none, or none that can be read.
std::optional<ScriptDigests> ReadDigests(const std::filesystem::path& folder);

/// The nodes of which a script is not as it was when `digests` were kept.
std::set<std::string> ChangedNodes(const ScriptDigests& digests,
                                   const ProjectConfig& project);

/// The names of the nodes to which `manifest` binds scripts that `digests` do not have.
std::vector<std::string> NodesWithout(const ScriptDigests& digests,
                                      const Manifest& manifest,
                                      const ProjectConfig& project);

}  // namespace aft
