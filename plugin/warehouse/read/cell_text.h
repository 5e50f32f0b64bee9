// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plugin/warehouse/dialects/read_plan.h"

namespace aft {

/// A cell in words, as it was in the database, for messages.
std::string DescribeCell(std::string_view cell, CellFormat format);

/// Where a column's values come from, for messages.
struct ColumnSource {
  std::string column;
  /// "" where it is not known.
  std::string relation;

  /// Says that row `row` (from 1) holds `what`, which its column can't be read with, and
  /// what to do.
  [[noreturn]] void Refuse(
      int64_t row, std::string_view what,
      std::string_view advice = "cast the column in the query to one type") const;
};

}  // namespace aft
