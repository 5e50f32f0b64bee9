// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/arrow/arrow_column.h"

/// Values of a frame's column as text, and the errors about one of them.
namespace aft {

/// Where a value is in the frame, and what is being done; for errors.
struct CellPlace {
  const std::string& doing;
  const std::string& column;
  int64_t row_number = 0;  ///< counts the frame's rows from 1
};

/// A value isn't one of its column's type.
class MisfitError : public Error {
 public:
  MisfitError(const std::string& text, std::string column)
      : Error(text), column_(std::move(column)) {}

  /// The frame's column.
  [[nodiscard]] const std::string& column() const { return column_; }

 private:
  std::string column_;
};

/// The value, which isn't NULL, with all its digits.
std::string CellText(const ArrowColumn& column, int64_t row, const CellPlace& place);
/// What it is in messages, such as "the integer 7".
std::string DescribeCell(const ArrowColumn& column, int64_t row);

/// Throws where the text isn't valid UTF-8 or, if `allows_nul` is false, has a NUL.
void CheckText(std::string_view text, bool allows_nul, const CellPlace& place);

/// Throws an error that says that the cell holds `what`.
[[noreturn]] void RefuseCell(const CellPlace& place, std::string_view what);
/// The same, where the column's type is why.
[[noreturn]] void RefuseMisfit(const CellPlace& place, std::string_view what);
[[noreturn]] void RefuseYear(const CellPlace& place);

}  // namespace aft
