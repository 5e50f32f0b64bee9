// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "plugin/warehouse/write/fitted_column.h"

namespace aft {

/// The lists of a frame's column as text: PostgreSQL's of an array, each element as the
/// column's element type holds it, or JSON.
class FittedList {
 public:
  /// Lists of `element` on their way into the column `target`, in that form.
  FittedList(ArrowColumn element, const TableColumn& target, Form form,
             const std::string& doing);

  /// The elements of all rows that are set in `lists`.
  void SetArray(const ArrowColumn& lists);
  [[nodiscard]] int64_t CountBytes() const { return element_.CountBytes(); }
  /// The text of the list in that row; `place` is for errors.
  [[nodiscard]] const std::string& Text(const ArrowColumn& lists, int64_t row,
                                        const CellPlace& place);

 private:
  static constexpr int64_t kUnknown = -1;
  using Sizes = std::array<int64_t, kMostDimensions>;

  /// The elements of a row, in the rows that are set.
  [[nodiscard]] ArrowColumn::Elements ElementsOf(const ArrowColumn& lists,
                                                 int64_t row) const;
  void AppendJsonList(const ArrowColumn& lists, int64_t row, const CellPlace& place,
                      std::string& text);
  /// Those of the first lists of each level; kUnknown while there are none.
  void AppendArray(const ArrowColumn& lists, int64_t row, const CellPlace& place,
                   Sizes& sizes, size_t level, std::string& text);
  void AppendElement(int64_t at, std::string& text);

  FittedColumn element_;
  Form form_;
  /// Where the elements of the rows that are set begin in their array.
  int64_t first_ = 0;
  std::string text_;
  std::string buffer_;
};

}  // namespace aft
