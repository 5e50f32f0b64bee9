// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/arrow_column.h"
#include "plugin/warehouse/odbc_statement.h"
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
  kFiniteReal,  ///< for databases without infinities; not a number becomes NULL
  kText,
  kTextWithoutNul,  ///< for what would end a text at its first NUL character
  kBinary,
  kAsText,       ///< numbers, booleans, dates and the like in their text form
  kDecimalText,  ///< decimals by their digits
  kDateText,     ///< dates, times and timestamps in ISO form
  kTimeText,
  kTimestampText,
  kUtcText,        ///< instants in UTC, which the text doesn't say
  kRealAsInteger,  ///< doubles without a fraction
  kIntegerAsReal,  ///< integers that a double holds
};

/// A frame's column on its way into a statement's parameter: a slot for each row that one
/// execution takes.
class WriteColumn {
 public:
  /// Times and timestamps with more than `second_digits` digits behind the second's point
  /// are refused.
  WriteColumn(ArrowColumn column, Encoding encoding, int second_digits,
              std::string doing);

  [[nodiscard]] ArrowColumn& column() { return column_; }
  [[nodiscard]] const ArrowColumn& column() const { return column_; }

  /// The bytes that the value of `row` takes at most.
  [[nodiscard]] size_t Width(int64_t row) const;
  /// Makes room for `rows` values of up to `width` bytes each. True when Bind() has to be
  /// called before the next execution.
  [[nodiscard]] bool Reserve(size_t rows, size_t width);
  void Bind(odbc::Statement& statement, SQLUSMALLINT number);
  /// Puts the value of `row` into a slot; `row_number` counts the frame's rows from 1.
  void Load(size_t slot, int64_t row, int64_t row_number);

 private:
  void Put(size_t slot, std::string_view bytes);
  template <typename T>
  void PutNumber(size_t slot, T value);
  void PutInteger(size_t slot, int64_t row, int64_t row_number);
  void PutReal(size_t slot, int64_t row, int64_t row_number);
  void PutText(size_t slot, int64_t row, int64_t row_number);
  [[nodiscard]] std::string TextOf(int64_t row, int64_t row_number) const;
  [[nodiscard]] std::string TemporalText(int64_t row, int64_t row_number) const;
  [[nodiscard]] std::string Present(const std::optional<std::string>& text,
                                    int64_t row_number) const;
  [[noreturn]] void Refuse(int64_t row_number, std::string_view what) const;

  ArrowColumn column_;
  Encoding encoding_;
  int second_digits_;
  std::string doing_;
  size_t width_ = 0;
  std::vector<char> buffer_;
  std::vector<SQLLEN> indicators_;
};

}  // namespace aft
