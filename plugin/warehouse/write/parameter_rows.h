// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/odbc/statement.h"
#include "plugin/warehouse/write/row_sink.h"
#include "plugin/warehouse/write/write_column.h"

namespace aft {

/// Executes an INSERT for the rows of batches, for as many at a time as the database
/// takes and memory allows.
class ParameterRows final : public RowSink {
 public:
  /// `sql` has a parameter for each of the columns. `connection` and `dialect` have to
  /// outlive the sink.
  ParameterRows(odbc::Connection& connection, const Dialect& dialect, InsertLimits limits,
                const std::string& sql, std::vector<WriteColumn> columns,
                std::string doing);

  void Insert(const ArrowArray& batch,
              const std::function<void()>& between_rows) override;
  void Finish() override {}
  [[nodiscard]] std::string_view name() const override { return "parameter rows"; }
  [[nodiscard]] int64_t rows() const override { return rows_; }
  [[nodiscard]] int64_t bytes() const override { return bytes_; }
  [[nodiscard]] std::optional<int64_t> taken() const override { return taken_; }

 private:
  /// Makes room for the next rows of the batch, from `row` on; how many they are.
  [[nodiscard]] int64_t Reserve(int64_t row, int64_t end);
  [[nodiscard]] size_t WidthWith(int64_t row) const;
  void CheckSize(int64_t row) const;
  /// Executes the statement for the rows that are loaded.
  void Execute(int64_t rows);
  void Send(int64_t rows);
  /// Sends these of the rows again, for the error about them.
  void SendPart(int64_t from, int64_t count);
  /// Counts the rows that the last execution took. Throws where they are others than
  /// several that were sent.
  void Count(int64_t rows);

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
  std::optional<int64_t> taken_;
};

}  // namespace aft
