// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/dialects/parameter_style.h"
#include "plugin/warehouse/odbc/statement.h"
#include "plugin/warehouse/write/fitted_column.h"

namespace aft {

/// A frame's column on its way into a statement's parameter: a slot for each row that one
/// execution takes.
class WriteColumn {
 public:
  WriteColumn(FittedColumn column, const ParameterStyle& style);

  [[nodiscard]] FittedColumn& column() { return column_; }
  [[nodiscard]] const FittedColumn& column() const { return column_; }

  /// The bytes that the value of `row` takes at most.
  [[nodiscard]] size_t Width(int64_t row) const;
  /// Makes room for `rows` values of up to `width` bytes each. True when Bind() has to be
  /// called before the next execution.
  [[nodiscard]] bool Reserve(size_t rows, size_t width);
  /// Binds the slots from `first` on.
  void Bind(odbc::Statement& statement, SQLUSMALLINT number, size_t first = 0);
  /// Puts the value of `row` into a slot.
  void Load(size_t slot, int64_t row);

 private:
  void Put(size_t slot, std::string_view bytes);
  template <typename T>
  void PutNumber(size_t slot, T value);

  FittedColumn column_;
  ParameterStyle style_;
  SQLSMALLINT c_type_;
  SQLSMALLINT sql_type_;
  std::string text_;
  size_t width_ = 0;
  std::vector<char> buffer_;
  std::vector<SQLLEN> indicators_;
};

}  // namespace aft
