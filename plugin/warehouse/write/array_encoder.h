// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plugin/warehouse/dialects/postgres_array.h"
#include "plugin/warehouse/write/fitted_column.h"

namespace aft {

/// Turns the values of a frame's column into PostgreSQL's binary arrays, many rows of one
/// column at a time.
class ArrayEncoder {
 public:
  explicit ArrayEncoder(FittedColumn column);

  [[nodiscard]] FittedColumn& column() { return column_; }
  [[nodiscard]] ArrayElement element() const { return element_; }
  /// What the server is to make of an element explicitly; "" leaves it to the INSERT.
  [[nodiscard]] const std::string& cast() const { return cast_; }

  /// Appends the rows [from, from + count) of the column's array to `array`, which begins
  /// with room for its header.
  void Append(int64_t from, int64_t count, std::string& array);

 private:
  /// Appends what `value(row)` gives, all of one width.
  template <typename Value>
  void AppendFixed(std::string& array, Value value);
  void AppendIntegers(std::string& array);
  void AppendReals(std::string& array);
  void AppendTemporals(std::string& array);
  void AppendBytes(std::string& array);
  void AppendTexts(std::string& array);
  void AppendNumerics(std::string& array);

  FittedColumn column_;
  ArrayElement element_;
  std::string cast_;
  std::string text_;
  /// Of the rows that are being appended.
  int64_t from_ = 0;
  int64_t count_ = 0;
};

}  // namespace aft
