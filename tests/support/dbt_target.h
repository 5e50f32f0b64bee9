// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>

#include "plugin/base/json_text.h"
#include "plugin/dbt/run_results.h"

namespace aft {

/// A target folder in which the test writes as dbt does.
class DbtTarget {
 public:
  explicit DbtTarget(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The manifest that is there, as if it were written anew.
  void WriteManifest() { Touch(folder_ / "manifest.json"); }

  /// dbt's run_results.json of a stage. The clock of files is coarse, and dbt slower.
  void WriteRunResults(const std::string& text) {
    const std::filesystem::path file = folder_ / "run_results.json";
    std::ofstream(file, std::ios::binary) << text;
    Touch(file);
  }

  void WriteRunResults(const std::map<std::string, std::string>& statuses) {
    boost::json::array results;
    for (const auto& [node, status] : statuses)
      results.push_back({{"unique_id", node}, {"status", status}});
    WriteRunResults(boost::json::serialize(boost::json::object{{"results", results}}));
  }

  /// Each node's status, as the merged run_results.json has it.
  [[nodiscard]] std::map<std::string, std::string> Merged() const {
    std::map<std::string, std::string> statuses;
    for (const NodeResult& result :
         ResultsIn(ReadJsonFileOrNull(folder_ / "run_results.json")))
      EXPECT_TRUE(statuses.emplace(result.node, result.status).second)
          << result.node << " is listed twice";
    return statuses;
  }

 private:
  void Touch(const std::filesystem::path& file) {
    written_ += std::chrono::seconds(1);
    if (std::filesystem::exists(file)) std::filesystem::last_write_time(file, written_);
  }

  std::filesystem::path folder_;
  std::filesystem::file_time_type written_ =
      std::filesystem::file_time_type::clock::now();
};

}  // namespace aft
