// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "plugin/warehouse/arrow/arrow_c.h"
#include "plugin/warehouse/values/value_text.h"
#include "plugin/warehouse/values/value_type.h"

namespace aft {

/// One column of the batches of a stream: says what its values are, and gives them row
/// by row. Looks into arrays that others own.
class ArrowColumn {
 public:
  /// Throws an Error that names the column where its Arrow type has no counterpart.
  /// `schema` has to outlive the column.
  ArrowColumn(const ArrowSchema& schema, const std::string& doing);
  /// The elements of the column of that name.
  ArrowColumn(const ArrowSchema& schema, const std::string& doing, std::string name);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const ValueType& type() const {
    return dictionary_ == nullptr ? type_ : dictionary_->type();
  }

  /// The rows from `offset` on; `array` has to stay until the next call. Throws where
  /// the array isn't of the schema's layout or too short.
  void SetArray(const ArrowArray& array, int64_t offset, int64_t length);
  /// Of a list: which of the element's rows are a row's.
  struct Elements {
    int64_t from = 0;
    int64_t count = 0;
  };
  [[nodiscard]] Elements List(int64_t row) const;
  /// Of a list: those of all rows set, and the array they are in.
  [[nodiscard]] Elements AllElements() const;
  [[nodiscard]] const ArrowArray& ElementArray() const { return *array_->children[0]; }
  /// Of a list: the column of the elements, which the caller sets.
  [[nodiscard]] std::unique_ptr<ArrowColumn> TakeElement() { return std::move(element_); }

  /// The bytes of the rows set; of lists, without their elements.
  [[nodiscard]] int64_t CountBytes() const;

  [[nodiscard]] bool IsNull(int64_t row) const;
  /// Each of these for its kinds only, and not for nulls.
  [[nodiscard]] bool Boolean(int64_t row) const;
  [[nodiscard]] int64_t Integer(int64_t row) const;
  [[nodiscard]] uint64_t Unsigned(int64_t row) const;
  [[nodiscard]] double Real(int64_t row) const;
  [[nodiscard]] Int128 Decimal(int64_t row) const;
  [[nodiscard]] std::string_view Bytes(int64_t row) const;

 private:
  enum class Layout {
    kNull,
    kBit,
    kFixed,
    kOffsets32,
    kOffsets64,
    kViews,
    kList32,
    kList64,
    kFixedList,
  };

  void ParseFormat(std::string_view format);
  void ParseList(const ArrowSchema& schema);
  void ParseExtension(const ArrowSchema& schema);
  void ParseDecimal(std::string_view parameters);
  void ParseTemporal(std::string_view format);
  void SetFixed(Kind kind, int width);
  [[nodiscard]] int64_t BufferCount() const;
  void CheckLayout(const ArrowArray& array) const;
  [[nodiscard]] bool HasBitmapZero(int64_t row) const;
  /// An integer of any width; of unsigned 64 bits, its bits.
  [[nodiscard]] int64_t Fixed(int64_t row) const;
  [[nodiscard]] int64_t Index(int64_t row) const;
  [[nodiscard]] std::string_view View(int64_t row) const;
  template <typename T>
  [[nodiscard]] T At(int buffer, int64_t index) const;
  [[noreturn]] void RefuseType(std::string_view what) const;
  [[noreturn]] void RefuseLayout(std::string_view what) const;

  std::string doing_;
  std::string name_;
  std::string format_;
  /// Where there is a dictionary: the type of the indices into it.
  ValueType type_;
  Layout layout_ = Layout::kNull;
  /// Bytes of a value in Layout::kFixed, or elements of one in Layout::kFixedList.
  int width_ = 0;
  std::unique_ptr<ArrowColumn> dictionary_;
  std::unique_ptr<ArrowColumn> element_;
  const ArrowArray* array_ = nullptr;
  int64_t offset_ = 0;
  int64_t length_ = 0;
};

}  // namespace aft
