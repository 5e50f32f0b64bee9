// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace aft {

/// A column of a block, value after value. Texts and bytes are in `cells`, where a view
/// of nothing (its data() null) stands for NULL; other values are in `buffer`, and NULL
/// is told by their indicator.
struct BlockColumn {
  std::vector<char> buffer;
  size_t width = 0;
  std::vector<SQLLEN> indicators;
  std::vector<std::string_view> cells;
  /// What cells point to that was longer than its place in the buffer.
  std::deque<std::string> long_values;

  [[nodiscard]] bool IsNull(size_t row) const { return indicators[row] == SQL_NULL_DATA; }
  /// The value of a fixed width in that row.
  template <typename T>
  [[nodiscard]] T Value(size_t row) const {
    T value{};
    std::memcpy(&value, buffer.data() + row * width, sizeof value);
    return value;
  }
};

/// Rows of a result as a driver gives them, column by column.
struct RowBlock {
  std::vector<BlockColumn> columns;
  std::vector<SQLUSMALLINT> statuses;
  SQLULEN rows = 0;
  /// The number of its first row in the result, from 1.
  int64_t first_row = 1;
  /// Of all its values.
  size_t bytes = 0;
};

}  // namespace aft
