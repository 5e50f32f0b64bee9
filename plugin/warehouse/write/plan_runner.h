// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plugin/warehouse/connection/connection.h"
#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/write/write_plan.h"

namespace aft {

/// A name for a staging table that nobody else has.
std::string StagingName();

/// Runs the statements of a plan, and takes back what no rollback does: unless the write
/// is settled, its steps; and the staging table, until it is the target. To be destroyed
/// after the transaction, for what takes a step back may commit.
class PlanRunner {
 public:
  PlanRunner(Connection& connection, const Dialect& dialect, std::string doing);
  PlanRunner(const PlanRunner&) = delete;
  PlanRunner& operator=(const PlanRunner&) = delete;
  ~PlanRunner();

  /// Before the plan's staging table is made.
  void Reserve(const WritePlan& plan);
  /// Skips an atomic step that fails because others have made or removed a table or
  /// column meanwhile, if it `is_done_by_others`.
  void Run(
      const std::vector<WriteStep>& steps,
      const std::function<bool()>& is_done_by_others = [] { return false; });
  /// How many rows of staging the steps have placed; nothing where none does, or the
  /// driver doesn't tell.
  [[nodiscard]] std::optional<int64_t> placed() const { return placed_; }
  /// Whether the last Run() has failed at such a step.
  [[nodiscard]] bool is_overtaken() const { return is_overtaken_; }
  /// After the commit, which no failure takes back. What the user should know.
  std::vector<std::string> Finish(const std::vector<FinalStep>& steps);
  /// What has run is not taken back from here on.
  void Settle() { begun_.clear(); }
  /// The staging table has taken its place for good, or is dropped.
  void ForgetStaging() { drop_staging_.clear(); }

 private:
  void Execute(const WriteStep& step);
  void Undo() const;
  /// Runs a statement that undoes something. False where it fails.
  bool TryTo(const std::string& statement) const;

  Connection& connection_;
  const Dialect& dialect_;
  std::string doing_;
  std::vector<WriteStep> begun_;
  bool is_overtaken_ = false;
  bool tells_placed_ = true;
  std::optional<int64_t> placed_;
  std::string drop_staging_;
  std::optional<Relation> reserved_;
};

}  // namespace aft
