// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plugin/warehouse/arrow/arrow_column.h"
#include "plugin/warehouse/arrow/arrow_stream.h"
#include "plugin/warehouse/connection/connection.h"
#include "plugin/warehouse/connection/transaction.h"
#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/write/frame_loader.h"
#include "plugin/warehouse/write/plan_runner.h"
#include "plugin/warehouse/write/write_outcome.h"
#include "plugin/warehouse/write/write_plan.h"

namespace aft {

/// Writes a stream of batches into a table: all of it, or nothing.
///
/// Looks at the target, and does what PlanWrite() makes of it. Whoever reads the target
/// meanwhile sees the old rows. Columns are matched by name.
class TableWriter {
 public:
  /// `connection` and `dialect` have to outlive the writer. `between_rows` is called
  /// every few thousand rows and may throw to stop the write.
  TableWriter(Connection& connection, const Dialect& dialect, WriteRequest request,
              std::function<void()> between_rows);

  WriteOutcome Write(ArrowArrayStream& stream);
  /// Whether the database may keep what was written although Write() has thrown.
  [[nodiscard]] bool may_have_committed() const { return may_have_committed_; }

 private:
  [[nodiscard]] std::vector<ArrowColumn> ReadColumns(const ArrowSchema& schema) const;
  [[nodiscard]] std::vector<TableColumn> NewColumns(
      const std::vector<ArrowColumn>& columns) const;
  /// Each in a transaction of its own: makes the schema, and drops what others have left.
  /// What the user should know.
  [[nodiscard]] std::vector<std::string> MakeReady() const;
  /// Gives the new columns of a table that is overwritten the types of its old ones, if
  /// they are for the frame's.
  void KeepTypes(const std::vector<ArrowColumn>& columns, const WriteTarget& target,
                 std::vector<TableColumn>& new_columns);
  [[nodiscard]] WriteOutcome Load(const FrameLoader& loader, const WritePlan& plan,
                                  ArrowArrayStream& stream,
                                  std::vector<ArrowColumn> columns) const;
  /// Throws unless what was loaded is what the plan says. Adds what the user should know.
  void Check(const WritePlan& plan, const WriteOutcome& outcome,
             std::vector<std::string>& notices) const;
  /// The same of what the plan's steps have made of a staging table.
  void CheckPlaced(const PlanRunner& runner, const WriteOutcome& outcome,
                   std::vector<std::string>& notices) const;
  /// What the driver says that the database has taken, or `sent` where it doesn't tell.
  [[nodiscard]] int64_t Believed(std::optional<int64_t> taken, int64_t sent) const;
  /// Throws unless the table has taken what was sent, or has left out the rest itself.
  void CheckTaken(int64_t sent, int64_t taken, std::vector<std::string>& notices) const;
  [[noreturn]] void RefuseTaken(int64_t sent, int64_t taken) const;
  [[nodiscard]] int64_t CountRows(const Relation& relation) const;
  void CheckKeys(const WritePlan& plan) const;
  /// Makes what was loaded seen.
  void Publish(PlanRunner& runner, const std::vector<TableColumn>& new_columns,
               WriteTarget& target, const std::string& staging_name);
  /// Whether the target's columns, which others may have added, have the types of those
  /// of the staging table.
  [[nodiscard]] bool HasColumnsOf(const Relation& staging) const;
  /// Notes what belonged to the old table and not to the new one.
  void TellLost(const WriteTarget& old, WritePlan& plan) const;
  /// What follows the commit; adds what the user should know.
  static void Finish(PlanRunner& runner, const WritePlan& plan,
                     std::vector<std::string>& notices);
  void Commit(Transaction& transaction, const WriteOutcome& outcome);

  Connection& connection_;
  const Dialect& dialect_;
  WriteRequest request_;
  std::function<void()> between_rows_;
  std::string doing_;
  /// The columns of a new table that have the types of the old one's.
  std::vector<std::string> kept_;
  bool may_have_committed_ = false;
};

}  // namespace aft
