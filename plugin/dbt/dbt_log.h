// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aft {

/// A line of what dbt prints under `--log-format json`: dbt 1.x, or dbt 2.x, which sends
/// fewer fields under the same names.
struct DbtLogLine {
  std::string name;           ///< of the event: LogModelResult, …
  std::string level;          ///< debug, info, warn, error
  std::string message;        ///< as dbt prints it without this option, colors included
  std::string invocation_id;  ///< of the run of dbt
  std::string time;           ///< "2026-01-31T23:59:59.123456Z", or empty
  std::string text;           ///< `data.msg`: what a command like `dbt ls` gives out
  std::string node;           ///< unique id; empty for lines about no node
  std::string status;  ///< of the node, for the lines that tell its end; else empty
  int index = 0;       ///< of the node in this run, from 1; 0 where it is not said
  int total = 0;
  bool counts_noops = false;    ///< StatsLine of a dbt that counts nodes without work
  bool counts_partial = false;  ///< EndOfRunSummary of one that knows partial success
};

/// nullopt for a line of any other shape.
std::optional<DbtLogLine> ParseDbtLogLine(std::string_view text);

/// The unique id that a line of `dbt ls --output json --output-keys unique_id` gives out,
/// as an event or bare; empty for other lines.
std::string ListedNode(std::string_view line);

}  // namespace aft
