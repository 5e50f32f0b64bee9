// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "plugin/warehouse/arrow/arrow_column.h"
#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/values/decimal_digits.h"
#include "plugin/warehouse/write/column_fit.h"
#include "plugin/warehouse/write/frame_cell.h"

namespace aft {

class FittedList;

/// A frame's column on its way into a table's column: gives its values as that column
/// holds them, and refuses those that would be others there. How they go to the server is
/// for others.
class FittedColumn {
 public:
  FittedColumn(ArrowColumn column, TableColumn target, const ColumnFit& fit,
               std::string doing);
  FittedColumn(FittedColumn&&) noexcept;
  FittedColumn& operator=(FittedColumn&&) noexcept;
  FittedColumn(const FittedColumn&) = delete;
  FittedColumn& operator=(const FittedColumn&) = delete;
  ~FittedColumn();

  [[nodiscard]] const std::string& name() const { return column_.name(); }
  /// What the frame holds, and what that becomes.
  [[nodiscard]] const ValueType& values() const { return column_.type(); }
  [[nodiscard]] Form form() const { return fit_.form; }
  [[nodiscard]] const TableColumn& target() const { return target_; }

  /// As ArrowColumn's; `rows_before` of the frame have gone before.
  void SetArray(const ArrowArray& array, int64_t offset, int64_t length,
                int64_t rows_before);
  [[nodiscard]] int64_t CountBytes() const;
  /// Of the elements of lists, for errors: the number of the row that they are in.
  void SetRowNumber(int64_t number) { row_number_ = number; }
  [[nodiscard]] const ArrowColumn& column() const { return column_; }
  /// Null where the frame's column holds no lists.
  [[nodiscard]] FittedList* list() const { return list_.get(); }

  [[nodiscard]] bool IsNull(int64_t row) const { return column_.IsNull(row); }
  /// Throws where the database would make something else of a NULL.
  void CheckNull(int64_t row) const;
  /// Each of these for its form, and not for nulls.
  [[nodiscard]] bool Boolean(int64_t row) const { return column_.Boolean(row); }
  [[nodiscard]] int64_t Integer(int64_t row) const;
  [[nodiscard]] uint64_t Unsigned(int64_t row) const;
  [[nodiscard]] double Real(int64_t row) const;
  [[nodiscard]] std::string_view Bytes(int64_t row) const;
  /// A frame's decimal, at the frame's scale.
  [[nodiscard]] Int128 Decimal(int64_t row) const;
  /// Days since 1970-01-01.
  [[nodiscard]] int64_t Days(int64_t row) const;
  /// Microseconds since midnight, or since 1970-01-01. The column keeps no more.
  [[nodiscard]] int64_t TimeOfDay(int64_t row) const;
  [[nodiscard]] int64_t Moment(int64_t row) const;
  /// A decimal, text, list, date, time or timestamp in text form; `buffer` may hold it.
  [[nodiscard]] std::string_view Text(int64_t row, bool says_zone,
                                      std::string& buffer) const;
  /// The bytes that Text() has at most.
  [[nodiscard]] size_t TextWidth(int64_t row) const;

 private:
  /// The value without a fraction, between the column's bounds.
  [[nodiscard]] Int128 Whole(int64_t row) const;
  void CheckBounds(int64_t row, Int128 value) const;
  [[nodiscard]] double RealOfDecimal(int64_t row) const;
  [[nodiscard]] double RoundToFloat(int64_t row, double value) const;
  void CheckFinite(int64_t row, double value) const;
  /// Throws unless the column has all the digits.
  void CheckDigits(int64_t row, DecimalDigits& digits) const;
  [[nodiscard]] std::string DecimalText(int64_t row) const;
  [[nodiscard]] std::string RealAsDecimal(int64_t row) const;
  /// The value as a text that is no longer what it was.
  [[nodiscard]] std::string OtherText(int64_t row) const;
  /// Throws where the column would make something else of the text.
  void CheckJson(int64_t row, std::string_view json) const;
  void CheckLength(int64_t row, std::string_view text) const;
  /// A time or timestamp in units of 10 to the power of -`digits` seconds.
  [[nodiscard]] int64_t Units(int64_t row, int digits) const;
  [[nodiscard]] std::string MomentText(int64_t row, bool says_zone) const;
  [[nodiscard]] CellPlace Place(int64_t row) const;
  /// Says what the cell holds, and why the column doesn't.
  [[noreturn]] void Refuse(int64_t row, std::string_view why) const;

  ArrowColumn column_;
  TableColumn target_;
  ColumnFit fit_;
  std::string doing_;
  std::unique_ptr<FittedList> list_;
  int64_t rows_before_ = 0;
  std::optional<int64_t> row_number_;
  /// Of integers.
  Int128 least_ = 0;
  Int128 most_ = 0;
  /// Of decimal columns: whether each of the frame's decimals and integers is one of
  /// theirs.
  bool holds_all_decimals_ = false;
};

}  // namespace aft
