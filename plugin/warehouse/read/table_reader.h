// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/arrow/arrow_stream.h"
#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/read/block_cursor.h"
#include "plugin/warehouse/read/convert.h"
#include "plugin/warehouse/read/fetch_ahead.h"
#include "plugin/warehouse/read/undecided_column.h"

namespace aft {

/// A query's result, batch by batch, with one batch in memory at a time and a few blocks
/// of rows that are fetched ahead of it.
///
/// Columns that a database gives no type take the type of their values. Where those of
/// the first batch leave it open and more follow, the query is run once more to ask.
class TableReader final : public BatchSource {
 public:
  /// Runs the query. `connection` and `dialect` have to outlive the reader.
  TableReader(odbc::Connection& connection, const Dialect& dialect, std::string_view sql,
              ReadOptions options);

  [[nodiscard]] Unique<ArrowSchema> Schema() override;
  [[nodiscard]] Unique<ArrowArray> Next() override;
  [[nodiscard]] std::vector<RoundedValues> Rounded() const override;

 private:
  struct Column {
    ReadColumnPlan plan;
    /// Nothing until it is known what an inferred column holds.
    std::unique_ptr<ColumnConverter> converter;
    std::optional<UndecidedColumn> undecided;
  };

  [[nodiscard]] ReadPlan MakePlan(
      const Dialect& dialect, const Query& query,
      const std::vector<odbc::ColumnDescription>& described) const;
  void Decide(odbc::Connection& connection, const Dialect& dialect, const Query& query);
  void AskForKinds(odbc::Connection& connection, const Dialect& dialect,
                   const Query& query);
  void FillBatch();
  void AppendRows(const RowBlock& block, const RowRange& rows);

  ReadOptions options_;
  std::vector<Column> columns_;
  std::unique_ptr<BlockCursor> cursor_;
  std::unique_ptr<FetchAhead> blocks_;
  /// The rows of the block that go into the next batch begin here.
  const RowBlock* block_ = nullptr;
  size_t row_ = 0;
  int64_t rows_in_batch_ = 0;
  size_t bytes_in_batch_ = 0;
  bool is_at_end_ = false;
};

}  // namespace aft
