// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/connection/batch_taker.h"
#include "plugin/warehouse/write/fitted_column.h"
#include "plugin/warehouse/write/row_sink.h"

namespace aft {

/// A frame's column, and its schema in the frame.
struct BatchColumn {
  FittedColumn column;
  Unique<ArrowSchema> schema;
};

/// Gives rows as Arrow to a database that takes them so. Columns that it converts without
/// a change of values go as they are, and the others as the table's column holds them.
class ArrowBatches final : public RowSink {
 public:
  /// `table` and `names` are as BatchTaker::Insert() takes them. `taker` has to outlive
  /// the sink.
  ArrowBatches(BatchTaker& taker, std::string table, std::string names,
               std::vector<BatchColumn> columns, std::string doing);

  void Insert(const ArrowArray& batch,
              const std::function<void()>& between_rows) override;
  void Finish() override {}
  [[nodiscard]] std::string_view name() const override { return "arrow batches"; }
  [[nodiscard]] int64_t rows() const override { return rows_; }
  [[nodiscard]] int64_t bytes() const override { return bytes_; }
  [[nodiscard]] std::optional<int64_t> taken() const override { return std::nullopt; }

 private:
  [[noreturn]] void RefuseList(const FittedColumn& column, int64_t row) const;
  void Send(const ArrowArray& batch, int64_t from, int64_t count);

  BatchTaker& taker_;
  std::string table_;
  std::string names_;
  std::vector<BatchColumn> columns_;
  std::string doing_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace aft
