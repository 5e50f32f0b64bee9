// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "plugin/dbt/run_results.h"
#include "plugin/project/manifest.h"
#include "plugin/staged/staged_console.h"

namespace aft {

/// What becomes of the nodes of a run in stages, for people and for dbt: on the console,
/// in the closing lines, and in run_results.json.
class NodeReport {
 public:
  /// What dbt says itself, with each of its stages, is on the console already. Both
  /// outlive this object; dbt writes its results at `run_results`.
  NodeReport(StagedConsole& console, const Manifest& manifest,
             const std::filesystem::path& run_results);

  /// Of the nodes that are to come.
  void Begin(std::size_t total) { total_ = total; }
  void BeginStage() { console_.BeginStage(ended_, total_); }

  /// Takes over what dbt has written of a stage, and gives that out.
  std::vector<NodeResult> TakeStage(const std::string& invocation_id) {
    return results_.TakeStage(invocation_id);
  }
  /// dbt has told the end of a node.
  void CountEnded() { ++ended_; }
  /// What a dbt that was ended has told of a node, and not written.
  void Keep(const NodeResult& result) { results_.Set(result); }

  /// A node has failed, for a `problem` of which dbt does not know.
  void AddError(const std::string& node, const std::string& problem);
  /// The same of a node that is not part of the run: it has no entry in dbt's results.
  void AddUnlisted(const std::string& node, const std::string& problem);
  /// The same, where the console has no line for it yet or will not have one.
  void AddEnded(const std::string& node, const std::string& problem);
  /// A node that dbt is not given any more.
  void AddSkipped(const std::string& node, const std::string& reason);

  [[nodiscard]] bool IsEmpty() const { return results_.results().empty(); }
  [[nodiscard]] std::string invocation_id() const { return results_.invocation_id(); }

  /// Writes run_results.json, for the command that `arguments` and `words` are. Throws
  /// Error.
  void Write(const DbtArguments& arguments, const std::vector<std::string>& words);
  /// Prints the closing lines, with one about `scripts`.
  void Finish(bool is_interrupted, const std::string& scripts);

 private:
  void TellAtEnd(const std::string& node, const std::string& problem);
  [[nodiscard]] std::string Label(const std::string& node) const;
  [[nodiscard]] std::chrono::milliseconds Elapsed() const;

  StagedConsole& console_;
  const Manifest& manifest_;
  MergedRunResults results_;
  std::size_t total_ = 0;
  std::size_t ended_ = 0;
  int unlisted_errors_ = 0;  ///< that no entry of the results tells of
  std::chrono::steady_clock::time_point began_;
};

}  // namespace aft
