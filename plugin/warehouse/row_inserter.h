// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plugin/warehouse/arrow_c.h"
#include "plugin/warehouse/dialect.h"
#include "plugin/warehouse/odbc_statement.h"
#include "plugin/warehouse/write_column.h"

namespace aft {

/// Executes an INSERT for the rows of batches, for as many at a time as the database
/// takes and memory allows.
class RowInserter {
 public:
  /// `sql` has a parameter for each of the columns. `connection` and `dialect` have to
  /// outlive the inserter.
  RowInserter(odbc::Connection& connection, const Dialect& dialect,
              const std::string& sql, std::vector<WriteColumn> columns,
              std::string doing);

  /// `between_rows` is called every few thousand rows and may throw to stop.
  void Insert(const ArrowArray& batch, const std::function<void()>& between_rows);

  [[nodiscard]] int64_t rows() const { return rows_; }
  [[nodiscard]] int64_t bytes() const { return bytes_; }

 private:
  /// Makes room for the next rows of the batch, from `row` on; how many they are.
  [[nodiscard]] int64_t Reserve(int64_t row, int64_t end);
  [[nodiscard]] size_t WidthWith(int64_t row) const;
  void CheckSize(int64_t row) const;
  void Execute(int64_t rows);

  odbc::Connection& connection_;
  const Dialect& dialect_;
  InsertLimits limits_;
  std::string doing_;
  odbc::Statement statement_;
  std::vector<WriteColumn> columns_;
  std::vector<size_t> widths_;
  int64_t rows_per_execution_ = 1;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace aft
