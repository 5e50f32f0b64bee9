// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/warehouse/arrow/arrow_column.h"
#include "plugin/warehouse/arrow/arrow_stream.h"
#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/odbc/connection.h"
#include "plugin/warehouse/odbc/transaction.h"
#include "plugin/warehouse/write/fitted_column.h"
#include "plugin/warehouse/write/plan_runner.h"
#include "plugin/warehouse/write/row_sink.h"
#include "plugin/warehouse/write/write_plan.h"

namespace aft {

struct WriteOutcome {
  int64_t rows = 0;
  int64_t bytes = 0;
  /// How they went there, as RowSink::name().
  std::string_view sink;
  /// What the user should know, in lines.
  std::vector<std::string> notices;
};

/// The answer to a commit did not come.
class CommitError : public odbc::OdbcError {
 public:
  CommitError(const odbc::OdbcError& error, std::string transaction_id,
              const WriteOutcome& outcome)
      : odbc::OdbcError(error),
        transaction_id_(std::move(transaction_id)),
        outcome_(outcome) {}

  /// For Dialect::HasCommitted(); "" where the database can't tell.
  [[nodiscard]] const std::string& transaction_id() const { return transaction_id_; }
  /// What has been written if it was committed.
  [[nodiscard]] const WriteOutcome& outcome() const { return outcome_; }

 private:
  std::string transaction_id_;
  WriteOutcome outcome_;
};

/// Writes a stream of batches into a table: all of it, or nothing.
///
/// Looks at the target, and does what PlanWrite() makes of it. Whoever reads the target
/// meanwhile sees the old rows. Columns are matched by name.
class TableWriter {
 public:
  /// `connection` and `dialect` have to outlive the writer. `between_rows` is called
  /// every few thousand rows and may throw to stop the write.
  TableWriter(odbc::Connection& connection, const Dialect& dialect, WriteRequest request,
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
  /// they are for the frame's. The names of the columns that these are.
  [[nodiscard]] std::vector<std::string> KeepTypes(
      const std::vector<ArrowColumn>& columns, const WriteTarget& target,
      std::vector<TableColumn>& new_columns) const;
  /// What the plan has to know of the target.
  [[nodiscard]] WriteTarget LookAt(const std::vector<ArrowColumn>& columns) const;
  /// Whether all columns of the frame are for the table's of their names.
  [[nodiscard]] bool AreFor(const std::vector<ArrowColumn>& columns,
                            const std::vector<TableColumn>& table_columns) const;
  /// Whether the table's columns have the types that were asked for.
  [[nodiscard]] bool HasTypes(const WriteTarget& target) const;
  [[nodiscard]] std::vector<TableColumn> MatchColumns(
      const Relation& relation, const std::vector<ArrowColumn>& columns) const;
  WriteOutcome Fill(const WritePlan& plan, ArrowArrayStream& stream,
                    std::vector<ArrowColumn> columns) const;
  /// Throws unless what was loaded is what the plan says.
  void Check(const WritePlan& plan, int64_t sent) const;
  void CheckCount(const Relation& relation, int64_t sent) const;
  void CheckKeys(const WritePlan& plan) const;
  /// Makes what was loaded seen.
  void Publish(PlanRunner& runner, const std::vector<TableColumn>& new_columns,
               WriteTarget& target, const std::string& staging_name);
  /// Notes what belonged to the old table and not to the new one.
  void TellLost(const WriteTarget& old, WritePlan& plan) const;
  [[nodiscard]] std::vector<FittedColumn> Fit(
      std::vector<ArrowColumn> columns,
      const std::vector<TableColumn>& table_columns) const;
  /// The stream's next batch. Where it fails, what the database has refused before is
  /// thrown first.
  [[nodiscard]] Unique<ArrowArray> TakeNext(ArrowArrayStream& stream,
                                            RowSink& sink) const;
  [[noreturn]] void RefuseColumn(const ArrowColumn& column,
                                 const TableColumn& table_column) const;
  void Commit(odbc::Transaction& transaction, const WriteOutcome& outcome);

  odbc::Connection& connection_;
  const Dialect& dialect_;
  WriteRequest request_;
  std::function<void()> between_rows_;
  std::string doing_;
  bool takes_arrays_ = false;
  bool may_have_committed_ = false;
};

}  // namespace aft
