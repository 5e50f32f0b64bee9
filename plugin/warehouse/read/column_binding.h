// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <cstddef>

#include "plugin/warehouse/dialects/read_plan.h"

namespace aft {

/// How a column of a result is bound: the C type of its values and their room.
struct ColumnBinding {
  SQLSMALLINT c_type = SQL_C_CHAR;
  /// Bytes of one value in the buffer, and how many of them end a text.
  size_t width = 0;
  size_t terminator = 0;
  /// Values have a length of their own: texts and bytes.
  bool has_length = true;
  /// A value may be longer than its room.
  bool may_be_cut = true;
  /// NULL leaves the buffer as it was, and a NULL that did not is a value that the driver
  /// can't express.
  bool null_is_untouched = false;

  [[nodiscard]] size_t room() const { return width - terminator; }
};

/// The widest that a buffer gets for one value. What is longer takes a call of its own.
constexpr size_t kWidestValue = 64U << 10;

ColumnBinding BindingFor(const ReadColumnPlan& column, CutValues cut_values);

}  // namespace aft
