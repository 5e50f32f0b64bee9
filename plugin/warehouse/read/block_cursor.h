// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plugin/warehouse/dialects/query_parameter.h"
#include "plugin/warehouse/dialects/read_plan.h"
#include "plugin/warehouse/odbc/statement.h"
#include "plugin/warehouse/read/column_binding.h"
#include "plugin/warehouse/read/row_block.h"

namespace aft {

/// The rows of a query, block by block. Every value in a block is whole and belongs to
/// its row, or the fetch fails with the row's number.
///
/// Where each column has room for its longest value, or the driver can go back to a row
/// of a block, a block is one fetch. Else rows are fetched one by one into it, since a
/// value that was cut can be asked for in the last row fetched only.
class BlockCursor {
 public:
  /// Executes the plan's query, unless it `has_run`. A block has `most_rows` at most.
  BlockCursor(const odbc::Connection& connection, std::unique_ptr<PreparedQuery> query,
              bool has_run, const ReadPlan& plan, int64_t most_rows);

  /// Fills a block with the next rows; false behind the last one.
  [[nodiscard]] bool Fill(RowBlock& block);
  /// True if the last block was not full, which is when the end is near.
  [[nodiscard]] bool is_near_end() const { return is_near_end_; }

 private:
  struct Column {
    std::string name;
    ColumnBinding binding;
  };

  [[nodiscard]] size_t RowWidth() const;
  void PlanFetches(const odbc::Connection& connection, CutValues cut_values);
  void AskForRows(SQLULEN rows);
  void Prepare(RowBlock& block, SQLULEN rows) const;
  void Bind(RowBlock& block);
  [[nodiscard]] bool Fetch(RowBlock& block);
  [[nodiscard]] bool FillRowByRow(RowBlock& block);
  void CheckStatuses(const RowBlock& block);
  void CheckFixed(const Column& column, const RowBlock& block,
                  const BlockColumn& values) const;
  void CheckNull(const Column& column, int64_t row, std::string_view bytes) const;
  /// Makes cells of a column's values; gives how many were cut.
  size_t FindCells(size_t index, RowBlock& block);
  [[nodiscard]] std::string_view FetchCell(size_t index, SQLLEN announced, int64_t row,
                                           BlockColumn& values);
  void AppendRow(RowBlock& block);
  void AppendUnbound(size_t index, size_t row, BlockColumn& values);
  void Widen(size_t index, const BlockColumn& values);
  void PlanNextBlock(const RowBlock& block);
  [[noreturn]] void Refuse(const Column& column, int64_t row,
                           std::string_view what) const;

  std::unique_ptr<PreparedQuery> query_;
  odbc::Statement& statement_;
  std::vector<Column> columns_;
  SQLULEN most_rows_;
  SQLULEN rows_per_block_ = 1;
  bool is_row_by_row_ = false;
  /// False for a driver that gives no value of a column that is bound.
  bool is_bound_ = true;
  bool may_cut_ = false;
  bool is_near_end_ = false;
  bool is_at_end_ = false;
  int64_t rows_read_ = 0;
  /// What the columns are bound to where rows come one by one.
  RowBlock one_row_;
};

}  // namespace aft
