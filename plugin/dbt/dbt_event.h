// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/dbt/dbt_invocation.h"

namespace aft {

/// What a line of dbt's JSON log tells this program.
///
/// The names are those of dbt 1.8 and later (`info.name`); every other event is kOther.
struct DbtEvent {
  enum class Kind {
    kManifestWritten,  ///< ArtifactWritten of manifest.json: `path`
    kRunBegins,        ///< ConcurrencyLine: parsing is over, no node has started
    kNodeStarting,     ///< NodeStart: dbt may still skip the node
    kNodeCompiling,    ///< NodeCompiling: the node's parents are done
    kNodeExecuting,    ///< NodeExecuting: its SQL is compiled, and all that went into it
    kNodeResult,       ///< LogModelResult and its like: materialized, checked, or failed
    kNodeFinished,     ///< NodeFinished: dbt's last word on the node, or on a batch of it
    kRunSummary,       ///< StatsLine and its like: the last line of a run that dbt prints
    kOther,
  };

  Kind kind = Kind::kOther;
  std::string node;    ///< unique id, for the events about a node
  std::string status;  ///< dbt's status of the node; empty when it has none yet
  /// With kNodeResult: what the database has answered, as a JSON object; may be empty.
  std::string adapter_response;
  std::string path;  ///< of the artifact that was written
  /// The `meta` of the node, or of one that dbt will run, speaks to this program.
  bool binds_scripts = false;
  /// With kRunBegins: the unique ids of the nodes that dbt will run, where it is known.
  std::optional<std::vector<std::string>> selected;
};

/// Throws Error when `line` is not a JSON object of dbt's shape.
DbtEvent ParseDbtEvent(std::string_view line);

/// What the gate says first on each of its connections.
struct GateHello {
  DbtInvocation invocation;
  bool has_flags = false;  ///< false on the connections of dbt's worker threads
};

/// nullopt when `line` is not a hello. Throws Error for a gate of another protocol.
std::optional<GateHello> ParseGateHello(std::string_view line);

}  // namespace aft
