// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/node_report.h"

#include "host_shim/error.h"
#include "plugin/scripts/console.h"

namespace aft {

NodeReport::NodeReport(StagedConsole& console, const Manifest& manifest,
                       const std::filesystem::path& run_results)
    : console_(console),
      manifest_(manifest),
      results_(run_results),
      began_(std::chrono::steady_clock::now()) {}

void NodeReport::AddError(const std::string& node, const std::string& problem) {
  TellAtEnd(node, problem);
  // dbt counts no ephemeral models among those that are to come.
  if (!results_.Contains(node) && !manifest_.graph.at(node).is_ephemeral())
    console_.PrintUnbuilt(++ended_, total_, Label(node), "ERROR");
  results_.Set({node, "error", problem});
}

void NodeReport::AddUnlisted(const std::string& node, const std::string& problem) {
  TellAtEnd(node, problem);
  ++unlisted_errors_;
}

void NodeReport::AddEnded(const std::string& node, const std::string& problem) {
  TellAtEnd(node, problem);
  results_.Set({node, "error", problem});
}

void NodeReport::AddSkipped(const std::string& node, const std::string& reason) {
  console_.PrintUnbuilt(++ended_, total_, Label(node), "SKIP");
  results_.Set({node, "skipped", reason});
}

void NodeReport::TellAtEnd(const std::string& node, const std::string& problem) {
  const GraphNode& told = manifest_.graph.at(node);
  console_.Remember(Text(told.type, " ", told.name, " (", told.file, ")"),
                    Printable(problem));
}

std::string NodeReport::Label(const std::string& node) const {
  const GraphNode& told = manifest_.graph.at(node);
  const bool has_relation = told.type != "test" && !told.relation.empty();
  return Text(has_relation ? "relation" : told.type, " ",
              has_relation ? told.relation : told.name);
}

void NodeReport::Write(const DbtArguments& arguments,
                       const std::vector<std::string>& words) {
  results_.Write({manifest_.dbt_version, Elapsed(), arguments, words});
}

void NodeReport::Finish(bool is_interrupted, const std::string& scripts) {
  const std::vector<NodeResult>& results = results_.results();
  console_.Finish({Tally(results, manifest_.graph, manifest_.dbt_version), Elapsed(),
                   Count(results), unlisted_errors_, is_interrupted, scripts});
}

std::chrono::milliseconds NodeReport::Elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began_);
}

}  // namespace aft
