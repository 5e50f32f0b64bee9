// SPDX-License-Identifier: Apache-2.0
#include "plugin/run/node_listing.h"

#include <optional>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/dbt/dbt_log.h"

namespace aft {
namespace {

/// dbt 2 has the sentence only, or nothing but its end: that is no debug line there.
bool SaysNothingIsSelected(const DbtLogLine& line) {
  return line.name == "NoNodesSelected" ||
         (line.name == "CommandCompleted" && line.level == "info") ||
         line.message.find("Nothing to do.") != std::string::npos;
}

}  // namespace

NodeListing::NodeListing(std::filesystem::path manifest)
    : manifest_(std::move(manifest)), old_manifest_(WrittenAt(manifest_)) {}

bool NodeListing::Take(const std::string& line) {
  std::string node = ListedNode(line);
  if (!node.empty()) {
    nodes_.insert(std::move(node));
    return true;
  }
  const std::optional<DbtLogLine> event = ParseDbtLogLine(line);
  if (!event) return false;
  is_told_empty_ = is_told_empty_ || SaysNothingIsSelected(*event);
  has_told_error_ = has_told_error_ || event->level == "error";
  return false;
}

std::string NodeListing::Problem(const std::string& command, int exit_code,
                                 bool is_silenced) const {
  std::string problem;
  if (exit_code != 0)
    problem =
        Text("dbt has ended with exit code ", exit_code, "; see what it says above");
  else if (nodes_.empty() && !is_told_empty_ && !is_silenced)
    problem =
        "dbt has listed nothing, and has not said that nothing is selected; see what it "
        "prints, and that its warning NoNodesSelected is not silenced";
  if (problem.empty()) return "";
  return Text("cannot tell what is selected: ", problem, "; aft asked with: ", command);
}

Manifest NodeListing::ReadNewManifest(const std::string& project) const {
  if (WrittenAt(manifest_) == old_manifest_)
    throw Error(
        Text("cannot tell which scripts are bound because the dbt that was found has "
             "not written '",
             manifest_.native(),
             "'; see that it is a dbt, and run it without "
             "'--no-write-json'"));
  return ReadManifest(manifest_, project);
}

}  // namespace aft
