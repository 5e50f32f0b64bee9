// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/arrow_column.h"
#include "plugin/warehouse/odbc.h"
#include "plugin/warehouse/value_type.h"

namespace aft {

/// How the values of a frame's column go into a parameter. What would change a value on
/// the way is refused.
enum class Encoding {
  kNull,
  kBit,
  kInteger,
  kUnsigned,
  kReal,
  kText,
  kTextWithoutNul,  ///< for what would end a text at its first NUL character
  kBinary,
  kAsText,       ///< numbers, booleans, dates and the like in their text form
  kDecimalText,  ///< decimals by their digits
  kDateText,     ///< dates, times and timestamps in ISO form
  kTimeText,
  kTimestampText,
  kRealAsInteger,  ///< doubles without a fraction
  kIntegerAsReal,  ///< integers that a double holds
};

/// A frame's column on its way into a statement's parameter.
class WriteColumn {
 public:
  WriteColumn(ArrowColumn column, Encoding encoding, std::string doing);

  [[nodiscard]] ArrowColumn& column() { return column_; }
  [[nodiscard]] const ArrowColumn& column() const { return column_; }

  /// Binds the parameter; its place in memory moves when longer values come, which
  /// Load() tells.
  void Bind(odbc::Statement& statement, SQLUSMALLINT number);
  /// Puts the value of `row` into the parameter; `row_number` counts the frame's rows
  /// from 1. True when Bind() has to be called again.
  [[nodiscard]] bool Load(int64_t row, int64_t row_number);

 private:
  [[nodiscard]] bool Put(std::string_view bytes);
  template <typename T>
  [[nodiscard]] bool PutNumber(T value);
  [[nodiscard]] bool PutInteger(int64_t row, int64_t row_number);
  [[nodiscard]] bool PutReal(int64_t row, int64_t row_number);
  [[nodiscard]] bool PutText(int64_t row, int64_t row_number);
  [[nodiscard]] std::string TextOf(int64_t row, int64_t row_number) const;
  [[nodiscard]] std::string Present(const std::optional<std::string>& text,
                                    int64_t row_number) const;
  [[noreturn]] void Refuse(int64_t row_number, std::string_view what) const;

  ArrowColumn column_;
  Encoding encoding_;
  std::string doing_;
  std::vector<char> buffer_;
  SQLLEN indicator_ = SQL_NULL_DATA;
};

}  // namespace aft
