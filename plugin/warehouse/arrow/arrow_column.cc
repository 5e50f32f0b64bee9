// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/arrow/arrow_column.h"

#include <cmath>
#include <cstring>

#include "host_shim/error.h"

namespace aft {
namespace {

double FromHalf(uint16_t half) {
  const int exponent = half >> 10 & 0x1F;
  const int fraction = half & 0x3FF;
  double value = 0;
  if (exponent == 0x1F) {
    value = fraction == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction + 0x400, exponent - 25);
  }
  return (half & 0x8000) != 0 ? -value : value;
}

}  // namespace

void ArrowColumn::RefuseLayout(std::string_view what) const {
  throw Error(Text("cannot ", doing_, ": the frame's column '", name_,
                   "' isn't laid out as its Arrow format '", format_, "' says: ", what));
}

int64_t ArrowColumn::BufferCount() const {
  switch (layout_) {
    case Layout::kNull:
      return 0;
    case Layout::kFixedList:
      return 1;
    case Layout::kBit:
    case Layout::kFixed:
    case Layout::kList32:
    case Layout::kList64:
      return 2;
    default:
      return 3;
  }
}

void ArrowColumn::CheckLayout(const ArrowArray& array) const {
  const int64_t values = BufferCount();
  // Views may have any number of data buffers, and one with their sizes.
  const bool fits =
      layout_ == Layout::kViews ? array.n_buffers >= values : array.n_buffers == values;
  if (!fits) RefuseLayout("it has another number of buffers");
  if (array.length < 0 || array.offset < 0) RefuseLayout("its length is negative");
  const bool has_elements = array.n_children == 1 && array.children[0] != nullptr;
  if (type_.kind == Kind::kList && !has_elements) RefuseLayout("it has no elements");
  const bool is_missing = values > 1 && array.length > 0 && array.buffers[1] == nullptr &&
                          !(layout_ == Layout::kFixed && width_ == 0);
  if (is_missing) RefuseLayout("it has no values");
}

void ArrowColumn::SetArray(const ArrowArray& array, int64_t offset, int64_t length) {
  CheckLayout(array);
  if (array.length < offset + length) RefuseLayout("it is shorter than the batch");
  array_ = &array;
  offset_ = array.offset + offset;
  length_ = length;
  if (dictionary_ == nullptr) return;
  if (array.dictionary == nullptr) RefuseLayout("its dictionary is missing");
  dictionary_->SetArray(*array.dictionary, 0, array.dictionary->length);
}

template <typename T>
T ArrowColumn::At(int buffer, int64_t index) const {
  T value{};
  const auto* const bytes = static_cast<const char*>(array_->buffers[buffer]);
  std::memcpy(&value, bytes + index * static_cast<int64_t>(sizeof value), sizeof value);
  return value;
}

int64_t ArrowColumn::CountBytes() const {
  const bool has_bitmap = array_->n_buffers > 0 && array_->buffers[0] != nullptr;
  int64_t bytes = has_bitmap ? (length_ + 7) / 8 : 0;
  const int64_t end = offset_ + length_;
  switch (layout_) {
    case Layout::kNull:
      break;
    case Layout::kBit:
      bytes += (length_ + 7) / 8;
      break;
    case Layout::kFixed:
      bytes += length_ * width_;
      break;
    case Layout::kOffsets32:
      bytes += length_ * 4;
      if (length_ > 0) bytes += At<int32_t>(1, end) - At<int32_t>(1, offset_);
      break;
    case Layout::kOffsets64:
      bytes += length_ * 8;
      if (length_ > 0) bytes += At<int64_t>(1, end) - At<int64_t>(1, offset_);
      break;
    case Layout::kList32:
      bytes += length_ * 4;
      break;
    case Layout::kList64:
      bytes += length_ * 8;
      break;
    case Layout::kFixedList:
      break;
    case Layout::kViews:
      for (int64_t row = 0; row < length_; ++row) {
        const int32_t size = HasBitmapZero(row) ? 0 : At<int32_t>(1, (offset_ + row) * 4);
        bytes += 16 + (size > 12 ? size : 0);
      }
  }
  return bytes + (dictionary_ == nullptr ? 0 : dictionary_->CountBytes());
}

bool ArrowColumn::HasBitmapZero(int64_t row) const {
  const auto* const bitmap = static_cast<const uint8_t*>(array_->buffers[0]);
  const int64_t at = offset_ + row;
  return bitmap != nullptr && (bitmap[at / 8] >> (at % 8) & 1) == 0;
}

bool ArrowColumn::IsNull(int64_t row) const {
  if (layout_ == Layout::kNull || HasBitmapZero(row)) return true;
  return dictionary_ != nullptr && dictionary_->IsNull(Index(row));
}

int64_t ArrowColumn::Fixed(int64_t row) const {
  const int64_t at = offset_ + row;
  switch (width_) {
    case 1:
      return type_.is_unsigned ? int64_t{At<uint8_t>(1, at)} : At<int8_t>(1, at);
    case 2:
      return type_.is_unsigned ? int64_t{At<uint16_t>(1, at)} : At<int16_t>(1, at);
    case 4:
      return type_.is_unsigned ? int64_t{At<uint32_t>(1, at)} : At<int32_t>(1, at);
    default:
      return At<int64_t>(1, at);
  }
}

int64_t ArrowColumn::Index(int64_t row) const {
  const int64_t index = Fixed(row);
  if (index < 0 || index >= dictionary_->length_) {
    RefuseLayout("an index points outside of its dictionary");
  }
  return index;
}

ArrowColumn::Elements ArrowColumn::List(int64_t row) const {
  const int64_t at = offset_ + row;
  Elements elements{at * width_, width_};
  if (layout_ == Layout::kList32) {
    elements.from = At<int32_t>(1, at);
    elements.count = At<int32_t>(1, at + 1) - elements.from;
  } else if (layout_ == Layout::kList64) {
    elements.from = At<int64_t>(1, at);
    elements.count = At<int64_t>(1, at + 1) - elements.from;
  }
  if (elements.from < 0 || elements.count < 0) RefuseLayout("its offsets run backwards");
  return elements;
}

ArrowColumn::Elements ArrowColumn::AllElements() const {
  if (length_ == 0) return {};
  const Elements last = List(length_ - 1);
  const int64_t from = List(0).from;
  return {from, last.from + last.count - from};
}

bool ArrowColumn::Boolean(int64_t row) const {
  if (dictionary_ != nullptr) return dictionary_->Boolean(Index(row));
  const int64_t at = offset_ + row;
  return (At<uint8_t>(1, at / 8) >> (at % 8) & 1) != 0;
}

int64_t ArrowColumn::Integer(int64_t row) const {
  if (dictionary_ != nullptr) return dictionary_->Integer(Index(row));
  const int64_t value = Fixed(row);
  if (type_.kind != Kind::kDate || width_ == 4) return value;
  constexpr int64_t kMillisecondsPerDay = 86400000;
  if (value % kMillisecondsPerDay != 0) RefuseLayout("a date isn't a whole day");
  return value / kMillisecondsPerDay;
}

uint64_t ArrowColumn::Unsigned(int64_t row) const {
  return static_cast<uint64_t>(Integer(row));
}

double ArrowColumn::Real(int64_t row) const {
  if (dictionary_ != nullptr) return dictionary_->Real(Index(row));
  const int64_t at = offset_ + row;
  if (width_ == 2) return FromHalf(At<uint16_t>(1, at));
  if (width_ == 4) return At<float>(1, at);
  return At<double>(1, at);
}

Int128 ArrowColumn::Decimal(int64_t row) const {
  if (dictionary_ != nullptr) return dictionary_->Decimal(Index(row));
  return width_ == 16 ? At<Int128>(1, offset_ + row) : Int128{Fixed(row)};
}

std::string_view ArrowColumn::Bytes(int64_t row) const {
  if (dictionary_ != nullptr) return dictionary_->Bytes(Index(row));
  if (layout_ == Layout::kViews) return View(row);
  const int64_t at = offset_ + row;
  int64_t from = at * width_;
  int64_t to = from + width_;
  if (layout_ == Layout::kOffsets32) {
    from = At<int32_t>(1, at);
    to = At<int32_t>(1, at + 1);
  } else if (layout_ == Layout::kOffsets64) {
    from = At<int64_t>(1, at);
    to = At<int64_t>(1, at + 1);
  }
  if (from < 0 || to < from) RefuseLayout("its offsets run backwards");
  // What is empty may have no buffer.
  if (from == to) return "";
  const int buffer = layout_ == Layout::kFixed ? 1 : 2;
  return {static_cast<const char*>(array_->buffers[buffer]) + from,
          static_cast<size_t>(to - from)};
}

std::string_view ArrowColumn::View(int64_t row) const {
  // A view is four numbers: the size, then the bytes themselves if there are up to
  // twelve, else their first four, the number of their buffer and their place in it.
  constexpr int64_t kInlineSize = 12;
  const int64_t at = (offset_ + row) * 4;
  const int32_t size = At<int32_t>(1, at);
  if (size < 0) RefuseLayout("a size is negative");
  const auto length = static_cast<size_t>(size);
  if (size <= kInlineSize) {
    return {static_cast<const char*>(array_->buffers[1]) + at * 4 + 4, length};
  }
  const int64_t buffer = At<int32_t>(1, at + 2);
  const int64_t place = At<int32_t>(1, at + 3);
  const bool is_outside = buffer < 0 || buffer + 3 >= array_->n_buffers || place < 0;
  if (is_outside) RefuseLayout("a view points outside of its buffers");
  return {static_cast<const char*>(array_->buffers[2 + buffer]) + place, length};
}

}  // namespace aft
