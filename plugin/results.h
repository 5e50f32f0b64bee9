// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "plugin/outcome.h"
#include "plugin/schedule.h"

namespace aft {

/// What became of each script of a run, kept in <target>/aft/results.json.
///
/// The file is whole at every moment: each change is written to a draft beside it, synced
/// and renamed over it.
class Results {
 public:
  enum class Status { kRunning, kSuccess, kError, kSkipped };

  struct Metadata {
    std::string dbt_version;
    std::string command;  ///< dbt's subcommand
  };

  /// Nothing is written before the first script.
  Results(const std::filesystem::path& target_folder, Metadata metadata);

  void Start(const Script& script);
  void Finish(const Script& script, const Outcome& outcome);
  void Skip(const Script& script, const std::string& reason);

  /// Replaces a file of an earlier run by one without entries.
  void Clear() const;

  [[nodiscard]] int Count(Status status) const;

  /// Seconds since `script` started.
  [[nodiscard]] double SecondsSinceStart(const Script& script) const;

 private:
  using Time = std::chrono::system_clock::time_point;

  struct Entry {
    Script script;
    Status status;
    Time started;
    Time finished;
    Outcome outcome;
  };

  Entry& Find(const Script& script);
  void Write() const;
  [[nodiscard]] std::string Json() const;

  std::filesystem::path folder_;
  Metadata metadata_;
  std::vector<Entry> entries_;
};

}  // namespace aft
