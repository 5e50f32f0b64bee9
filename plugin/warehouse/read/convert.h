// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "plugin/warehouse/arrow/arrow_c.h"
#include "plugin/warehouse/dialects/read_plan.h"
#include "plugin/warehouse/read/row_block.h"

namespace aft {

/// Rows of a block, and the number in the result that the first of them has, from 1.
struct RowRange {
  size_t from = 0;
  size_t count = 0;
  int64_t number = 1;
};

/// One column on its way into Arrow arrays: one loop for each pair of a cell's format and
/// an Arrow type.
class ColumnConverter {
 public:
  ColumnConverter() = default;
  ColumnConverter(const ColumnConverter&) = delete;
  ColumnConverter& operator=(const ColumnConverter&) = delete;
  virtual ~ColumnConverter() = default;

  /// Throws an Error that names relation, column and row of a value that is no such
  /// value; the converter is of no use then.
  virtual void AppendBlock(const BlockColumn& values, const RowRange& rows) = 0;
  /// The array of what was appended since the last one.
  [[nodiscard]] virtual Unique<ArrowArray> Finish() = 0;
  /// How many decimals became doubles that lack some of their digits.
  [[nodiscard]] int64_t rounded() const { return rounded_; }

 protected:
  int64_t rounded_ = 0;
};

/// A converter of a column whose type is known. `relation` is for messages, or "".
std::unique_ptr<ColumnConverter> MakeConverter(const ReadColumnPlan& column,
                                               const std::string& relation);

}  // namespace aft
