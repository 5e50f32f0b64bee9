// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/dbt/dbt_arguments.h"

namespace aft {

/// What dbt's run_results.json says of a node.
struct NodeResult {
  std::string node;     ///< unique id
  std::string status;   ///< success, error, skipped, pass, fail, warn, …
  std::string message;  ///< may be empty
  /// A JSON object; empty where there is none, or nothing in it.
  std::string adapter_response{};  // NOLINT(readability-redundant-member-init)
};

/// The results that a run_results.json holds, in their order; none where it is of another
/// shape.
std::vector<NodeResult> ResultsIn(const boost::json::value& document);

/// The results of dbt's run with this id, in their order; none where the file can't be
/// read or is of another run.
std::vector<NodeResult> ReadRunResults(const std::filesystem::path& path,
                                       const std::string& invocation_id);

/// Writes a file in which all of these nodes have failed, as dbt of this version reads
/// it. Throws Error.
void WriteFailures(const std::filesystem::path& path,
                   const std::vector<std::string>& nodes, const std::string& dbt_version);

/// The results of several runs of dbt, as one run_results.json that dbt would have
/// written for all of them.
///
/// What dbt has said is kept as it is, whatever the schema version. Entries that no dbt
/// has written have the fields of those that one has.
class MergedRunResults {
 public:
  /// `path` is where dbt writes its run_results.json.
  explicit MergedRunResults(std::filesystem::path path);
  MergedRunResults(const MergedRunResults&) = delete;
  MergedRunResults& operator=(const MergedRunResults&) = delete;
  ~MergedRunResults();

  /// Takes over what dbt has written since the last call, and gives that out. Nothing,
  /// where dbt has written no results that can be read, or not in the run with this id;
  /// "" for one whose id is not known.
  std::vector<NodeResult> TakeStage(const std::string& invocation_id = "");

  /// Has the node's entry, or a new one, say this.
  void Set(const NodeResult& result);

  [[nodiscard]] bool Contains(const std::string& node) const {
    return places_.contains(node);
  }
  [[nodiscard]] const std::vector<NodeResult>& results() const { return results_; }

  /// The invocation_id in them: dbt's, or one of our own where dbt has built nothing;
  /// empty before the first result.
  [[nodiscard]] std::string invocation_id() const;

  /// What only the whole run knows.
  struct Description {
    std::string dbt_version;
    std::chrono::milliseconds elapsed{0};
    const DbtArguments& arguments;   ///< of the user's
    std::vector<std::string> words;  ///< the same as typed
  };

  /// Writes them where dbt would have, atomically. Throws Error.
  void Write(const Description& description);

 private:
  struct Document;

  std::filesystem::path path_;
  std::filesystem::file_time_type seen_;
  std::unique_ptr<Document> document_;
  bool has_stage_ = false;  ///< the document is one that dbt began
  std::vector<NodeResult> results_;
  std::map<std::string, std::size_t> places_;  ///< in results_, and in the document
};

}  // namespace aft
