// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "plugin/dbt/dbt_invocation.h"
#include "plugin/project/project_config.h"
#include "plugin/scripts/bound_scripts.h"

namespace aft {

/// Of each node, by unique id, the digests of its scripts, by their paths from the
/// project's folder. They are kept beside dbt's manifest, so that a later run can tell
/// which scripts have changed.
using ScriptDigests = std::map<std::string, std::map<std::string, std::string>>;

/// Keeps the digests of all scripts and hooks of a run that `bound` them in
/// `target_folder`, where they take the place of earlier ones; not those of sources. What
/// goes wrong is among the notices of `bound`.
void KeepDigests(BoundScripts& bound, const ProjectConfig& project,
                 const DbtInvocation& invocation,
                 const std::filesystem::path& target_folder);

/// The file in `folder` that they are kept in.
std::filesystem::path DigestFile(const std::filesystem::path& folder);

/// Those kept in `folder`; nullopt where there are none, or none that can be read.
std::optional<ScriptDigests> ReadDigests(const std::filesystem::path& folder);

/// The nodes of which a script is not as it was when `digests` were kept.
std::set<std::string> ChangedNodes(const ScriptDigests& digests,
                                   const ProjectConfig& project);

}  // namespace aft
