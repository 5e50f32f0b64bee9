// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugin/warehouse/arrow/arrow_column.h"
#include "plugin/warehouse/arrow/arrow_stream.h"
#include "plugin/warehouse/connection/connection.h"
#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/write/fitted_column.h"
#include "plugin/warehouse/write/row_sink.h"
#include "plugin/warehouse/write/write_outcome.h"
#include "plugin/warehouse/write/write_plan.h"

namespace aft {

/// Sends the rows of a stream to the table that a plan loads, column by column as the
/// table has them.
class FrameLoader {
 public:
  /// To be made outside of a transaction. `connection` and `dialect` have to outlive it.
  FrameLoader(Connection& connection, const Dialect& dialect,
              std::function<void()> between_rows, std::string doing);

  /// `columns` are the stream's.
  WriteOutcome Load(const WritePlan& plan, ArrowArrayStream& stream,
                    std::vector<ArrowColumn> columns) const;

 private:
  [[nodiscard]] std::unique_ptr<RowSink> SinkFor(const WritePlan& plan,
                                                 std::vector<FittedColumn> fitted) const;
  /// Where the database takes Arrow. `places` says which columns of the stream they are.
  [[nodiscard]] std::unique_ptr<RowSink> BatchSink(
      const WritePlan& plan, std::vector<FittedColumn> fitted, ArrowArrayStream& stream,
      const std::vector<size_t>& places) const;
  /// The columns as those of the table that the plan loads.
  [[nodiscard]] std::vector<FittedColumn> FitToTable(
      const WritePlan& plan, std::vector<ArrowColumn> columns) const;
  /// The table's columns of these names.
  [[nodiscard]] std::vector<TableColumn> MatchColumns(
      const Relation& relation, const std::vector<ArrowColumn>& columns) const;
  [[nodiscard]] std::vector<FittedColumn> Fit(
      std::vector<ArrowColumn> columns,
      const std::vector<TableColumn>& table_columns) const;
  /// The stream's next batch. Where it fails, what the database has refused before is
  /// thrown first.
  [[nodiscard]] Unique<ArrowArray> TakeNext(ArrowArrayStream& stream,
                                            RowSink& sink) const;
  [[noreturn]] void RefuseColumn(const ArrowColumn& column,
                                 const TableColumn& table_column) const;

  Connection& connection_;
  const Dialect& dialect_;
  std::function<void()> between_rows_;
  std::string doing_;
  bool takes_arrays_ = false;
};

}  // namespace aft
