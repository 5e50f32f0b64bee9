// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/arrow/arrow_column.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "host_shim/error.h"

namespace aft {
namespace {

// Of decimals: a bound for the text that one takes.
constexpr int kLargestScale = 1000;

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

int UnitDigits(char letter) {
  switch (letter) {
    case 's':
      return 0;
    case 'm':
      return 3;
    case 'u':
      return 6;
    default:
      return 9;
  }
}

std::vector<int> SplitNumbers(std::string_view text) {
  std::vector<int> numbers;
  while (!text.empty()) {
    int number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return {};
    numbers.push_back(number);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.empty()) text.remove_prefix(1);
  }
  return numbers;
}

}  // namespace

ArrowColumn::ArrowColumn(const ArrowSchema& schema, const std::string& doing)
    : doing_(doing),
      name_(schema.name == nullptr ? "" : schema.name),
      format_(schema.format == nullptr ? "" : schema.format) {
  ParseFormat(format_);
  if (schema.dictionary == nullptr) return;
  if (type_.kind != Kind::kInteger) RefuseType("a dictionary without integer indices");
  dictionary_ = std::make_unique<ArrowColumn>(*schema.dictionary, doing);
  dictionary_->name_ = name_;
}

void ArrowColumn::RefuseType(std::string_view what) const {
  throw Error(Text("cannot ", doing_, ": column '", name_, "' holds ", what,
                   ", which no column of a table holds; turn it into text or numbers"));
}

void ArrowColumn::RefuseLayout(std::string_view what) const {
  throw Error(Text("cannot ", doing_, ": the frame's column '", name_,
                   "' isn't laid out as its Arrow format '", format_, "' says: ", what));
}

void ArrowColumn::SetFixed(Kind kind, int width) {
  type_.kind = kind;
  layout_ = Layout::kFixed;
  width_ = width;
}

void ArrowColumn::ParseFormat(std::string_view format) {
  if (format.starts_with("d:")) return ParseDecimal(format.substr(2));
  if (format.starts_with("t")) return ParseTemporal(format);
  if (format.starts_with("w:")) {
    const std::vector<int> width = SplitNumbers(format.substr(2));
    if (width.size() != 1 || width[0] < 0) RefuseType("bytes of an unknown width");
    return SetFixed(Kind::kBinary, width[0]);
  }
  static constexpr std::string_view kIntegers = "cCsSiIlL";
  const size_t integer =
      format.size() == 1 ? kIntegers.find(format[0]) : std::string::npos;
  if (integer != std::string::npos) {
    const int width = 1 << (integer / 2);
    type_.bits = width * 8;
    type_.is_unsigned = integer % 2 == 1;
    return SetFixed(Kind::kInteger, width);
  }
  if (format == "n") return;
  if (format == "b") {
    type_.kind = Kind::kBoolean;
    layout_ = Layout::kBit;
  } else if (format == "e" || format == "f" || format == "g") {
    SetFixed(Kind::kReal, format == "e" ? 2 : format == "f" ? 4 : 8);
  } else if (format == "u" || format == "U" || format == "vu") {
    type_.kind = Kind::kText;
    layout_ = format == "u"   ? Layout::kOffsets32
              : format == "U" ? Layout::kOffsets64
                              : Layout::kViews;
  } else if (format == "z" || format == "Z" || format == "vz") {
    type_.kind = Kind::kBinary;
    layout_ = format == "z"   ? Layout::kOffsets32
              : format == "Z" ? Layout::kOffsets64
                              : Layout::kViews;
  } else if (format.starts_with("+l") || format.starts_with("+L") ||
             format.starts_with("+w") || format.starts_with("+v")) {
    RefuseType("lists");
  } else if (format == "+s" || format == "+m") {
    RefuseType(format == "+s" ? "structs" : "maps");
  } else {
    RefuseType(Text("values of Arrow format '", format, "'"));
  }
}

void ArrowColumn::ParseDecimal(std::string_view parameters) {
  const std::vector<int> numbers = SplitNumbers(parameters);
  const int bits = numbers.size() == 3 ? numbers[2] : 128;
  if (numbers.size() < 2 || (bits != 32 && bits != 64 && bits != 128)) {
    RefuseType("decimals of more than 38 digits");
  }
  if (std::abs(numbers[1]) > kLargestScale) {
    RefuseType("decimals with a scale of more than 1,000 digits");
  }
  type_.precision = numbers[0];
  type_.scale = numbers[1];
  SetFixed(Kind::kDecimal, bits / 8);
}

void ArrowColumn::ParseTemporal(std::string_view format) {
  if (format == "tdD") return SetFixed(Kind::kDate, 4);
  if (format == "tdm") return SetFixed(Kind::kDate, 8);
  if (format.size() == 3 && format.starts_with("tt")) {
    type_.digits = UnitDigits(format[2]);
    return SetFixed(Kind::kTime, type_.digits <= 3 ? 4 : 8);
  }
  if (format.size() >= 4 && format.starts_with("ts") && format[3] == ':') {
    type_.digits = UnitDigits(format[2]);
    type_.has_zone = format.size() > 4;
    return SetFixed(Kind::kTimestamp, 8);
  }
  RefuseType("durations or intervals");
}

void ArrowColumn::CheckLayout(const ArrowArray& array) const {
  const int64_t values = layout_ == Layout::kNull                               ? 0
                         : layout_ == Layout::kBit || layout_ == Layout::kFixed ? 2
                                                                                : 3;
  // Views may have any number of data buffers, and one with their sizes.
  const bool fits =
      layout_ == Layout::kViews ? array.n_buffers >= values : array.n_buffers == values;
  if (!fits) RefuseLayout("it has another number of buffers");
  if (array.length < 0 || array.offset < 0) RefuseLayout("its length is negative");
  const bool is_missing = values > 0 && array.length > 0 && array.buffers[1] == nullptr &&
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
