// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/arrow_stream.h"
#include "plugin/warehouse/dialect.h"
#include "plugin/warehouse/odbc_statement.h"
#include "plugin/warehouse/read_column.h"

namespace aft {

/// A query's result, batch by batch, with one batch in memory at a time.
///
/// Columns that a database gives no type take the type of their values: those of the
/// first batch if it is the only one, else the query is run once more to ask.
class TableReader final : public BatchSource {
 public:
  /// Runs the query. `connection` and `dialect` have to outlive the reader.
  TableReader(odbc::Connection& connection, const Dialect& dialect, std::string_view sql,
              int64_t batch_rows);

  [[nodiscard]] Unique<ArrowSchema> Schema() override;
  [[nodiscard]] Unique<ArrowArray> Next() override;

 private:
  struct Column {
    ReadColumnPlan plan;
    SQLSMALLINT c_type = SQL_C_CHAR;
    /// Bytes of one value in the buffer, and how many of them end a text.
    size_t width = 0;
    size_t terminator = 0;
    bool is_long = true;
    std::vector<char> buffer;
    std::vector<SQLLEN> indicators;
    std::string long_value;
    std::unique_ptr<ReadColumn> strategy;
    std::optional<UndecidedColumn> undecided;
  };

  [[nodiscard]] static Column MakeColumn(ReadColumnPlan plan, size_t bound_bytes);
  void BindColumns(const odbc::Connection& connection);
  void Decide(odbc::Connection& connection, const Dialect& dialect, std::string_view sql);
  void FillBatch();
  void AppendRow(size_t row);
  [[nodiscard]] Cell CellOf(Column& column, SQLUSMALLINT number, size_t row);

  std::vector<Column> columns_;
  int64_t batch_rows_;
  odbc::Statement statement_;
  bool is_bound_ = false;
  SQLULEN rows_per_fetch_ = 1;
  SQLULEN rows_fetched_ = 0;
  int64_t rows_read_ = 0;
  int64_t rows_in_batch_ = 0;
  size_t bytes_in_batch_ = 0;
  bool is_at_end_ = false;
};

}  // namespace aft
