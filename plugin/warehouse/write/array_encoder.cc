// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/array_encoder.h"

#include <array>
#include <bit>
#include <utility>

namespace aft {
namespace {

// Arrow counts from 1970-01-01, PostgreSQL from 2000-01-01.
constexpr int64_t kDaysBetween = 10957;
constexpr int64_t kMicrosecondsPerDay = 86'400'000'000;

ArrayElement IntegerElement(const ColumnType& type) {
  // An oid, which is unsigned, and a numeric take larger ones.
  const bool is_own = type.kind == ColumnKind::kInteger && !type.is_unsigned;
  if (is_own && type.bits == 16) return ArrayElement::kInt2;
  return is_own && type.bits == 32 ? ArrayElement::kInt4 : ArrayElement::kInt8;
}

__extension__ typedef unsigned __int128 UnsignedInt128;

constexpr std::array<uint64_t, 4> kPowers = {1, 10, 100, 1000};
constexpr unsigned kNumericBase = 10'000;
constexpr int kDigitsOfGroup = 4;
// 128 bits hold 39 digits; the point may split the first group and the last one.
constexpr size_t kMostGroups = 12;
constexpr uint16_t kNegativeNumeric = 0x4000;

/// Appends `value` times ten to the power of minus `scale`, which is not negative.
void AppendNumeric(std::string& array, Int128 value, int scale) {
  const bool is_negative = value < 0;
  auto rest = static_cast<UnsignedInt128>(value);
  if (is_negative) rest = -rest;
  // Groups of four digits, the least first. They are counted from the point on.
  std::array<uint16_t, kMostGroups> groups{};
  size_t count = 0;
  if (const int odd = scale % kDigitsOfGroup; odd != 0) {
    const uint64_t part = kPowers.at(static_cast<size_t>(odd));
    const uint64_t more = kPowers.at(static_cast<size_t>(kDigitsOfGroup - odd));
    groups.at(count++) = static_cast<uint16_t>(static_cast<uint64_t>(rest % part) * more);
    rest /= part;
  }
  for (; (rest >> 64) != 0; rest /= kNumericBase) {
    groups.at(count++) = static_cast<uint16_t>(rest % kNumericBase);
  }
  for (auto low = static_cast<uint64_t>(rest); low != 0; low /= kNumericBase) {
    groups.at(count++) = static_cast<uint16_t>(low % kNumericBase);
  }
  const int behind_point = (scale + kDigitsOfGroup - 1) / kDigitsOfGroup;
  const int weight = count == 0 ? 0 : static_cast<int>(count) - 1 - behind_point;

  std::array<char, 4 * sizeof(uint16_t) + sizeof groups> bytes{};
  char* at = PutBigEndian(bytes.data(), static_cast<uint16_t>(count));
  at = PutBigEndian(at, static_cast<uint16_t>(weight));
  at = PutBigEndian(at, is_negative ? kNegativeNumeric : uint16_t{0});
  at = PutBigEndian(at, static_cast<uint16_t>(scale));
  while (count > 0) at = PutBigEndian(at, groups.at(--count));
  AppendElement(array, {bytes.data(), static_cast<size_t>(at - bytes.data())});
}

ArrayElement ElementOf(const FittedColumn& column) {
  const ColumnType& type = column.target().type;
  switch (column.form()) {
    case Form::kBoolean:
      return ArrayElement::kBoolean;
    case Form::kInteger:
      return IntegerElement(type);
    case Form::kReal:
      return type.bits == 24 ? ArrayElement::kFloat4 : ArrayElement::kFloat8;
    case Form::kBytes:
      return ArrayElement::kBytes;
    case Form::kDate:
      return ArrayElement::kDate;
    case Form::kTime:
      return ArrayElement::kTime;
    case Form::kTimestamp:
      return type.has_zone == true ? ArrayElement::kInstant : ArrayElement::kTimestamp;
    case Form::kDecimal: {
      const ValueType& values = column.values();
      const bool is_binary = values.kind == Kind::kDecimal && values.scale >= 0;
      return is_binary ? ArrayElement::kNumeric : ArrayElement::kText;
    }
    default:
      return ArrayElement::kText;
  }
}

}  // namespace

ArrayEncoder::ArrayEncoder(FittedColumn column)
    : column_(std::move(column)),
      element_(ElementOf(column_)),
      cast_(element_ == ArrayElement::kText ? column_.target().cast : "") {}

void ArrayEncoder::Append(int64_t from, int64_t count, std::string& array) {
  from_ = from;
  count_ = count;
  switch (element_) {
    case ArrayElement::kBoolean:
      return AppendFixed(array,
                         [&](int64_t row) { return uint8_t{column_.Boolean(row)}; });
    case ArrayElement::kInt2:
    case ArrayElement::kInt4:
    case ArrayElement::kInt8:
      return AppendIntegers(array);
    case ArrayElement::kFloat4:
    case ArrayElement::kFloat8:
      return AppendReals(array);
    case ArrayElement::kDate:
    case ArrayElement::kTime:
    case ArrayElement::kTimestamp:
    case ArrayElement::kInstant:
      return AppendTemporals(array);
    case ArrayElement::kBytes:
      return AppendBytes(array);
    case ArrayElement::kText:
      return AppendTexts(array);
    case ArrayElement::kNumeric:
      return AppendNumerics(array);
  }
}

template <typename Value>
void ArrayEncoder::AppendFixed(std::string& array, Value value) {
  using Number = decltype(value(int64_t{}));
  const size_t before = array.size();
  array.resize(before + static_cast<size_t>(count_) * (kElementHeader + sizeof(Number)));
  char* at = array.data() + before;
  for (int64_t row = from_; row < from_ + count_; ++row) {
    if (column_.IsNull(row)) {
      at = PutBigEndian(at, kNullElement);
      continue;
    }
    at = PutBigEndian(at, static_cast<uint32_t>(sizeof(Number)));
    at = PutBigEndian(at, value(row));
  }
  array.resize(static_cast<size_t>(at - array.data()));
}

void ArrayEncoder::AppendIntegers(std::string& array) {
  switch (element_) {
    case ArrayElement::kInt2:
      return AppendFixed(array, [&](int64_t row) {
        return static_cast<uint16_t>(column_.Integer(row));
      });
    case ArrayElement::kInt4:
      return AppendFixed(array, [&](int64_t row) {
        return static_cast<uint32_t>(column_.Integer(row));
      });
    default:
      return AppendFixed(array, [&](int64_t row) {
        return static_cast<uint64_t>(column_.Integer(row));
      });
  }
}

void ArrayEncoder::AppendReals(std::string& array) {
  if (element_ == ArrayElement::kFloat4) {
    return AppendFixed(array, [&](int64_t row) {
      return std::bit_cast<uint32_t>(static_cast<float>(column_.Real(row)));
    });
  }
  AppendFixed(array,
              [&](int64_t row) { return std::bit_cast<uint64_t>(column_.Real(row)); });
}

void ArrayEncoder::AppendTemporals(std::string& array) {
  switch (element_) {
    case ArrayElement::kDate:
      return AppendFixed(array, [&](int64_t row) {
        return static_cast<uint32_t>(column_.Days(row) - kDaysBetween);
      });
    case ArrayElement::kTime:
      return AppendFixed(array, [&](int64_t row) {
        return static_cast<uint64_t>(column_.TimeOfDay(row));
      });
    default:
      return AppendFixed(array, [&](int64_t row) {
        return static_cast<uint64_t>(column_.Moment(row) -
                                     kDaysBetween * kMicrosecondsPerDay);
      });
  }
}

void ArrayEncoder::AppendBytes(std::string& array) {
  for (int64_t row = from_; row < from_ + count_; ++row) {
    if (column_.IsNull(row)) {
      AppendNullElement(array);
    } else {
      AppendElement(array, column_.Bytes(row));
    }
  }
}

void ArrayEncoder::AppendTexts(std::string& array) {
  for (int64_t row = from_; row < from_ + count_; ++row) {
    if (column_.IsNull(row)) {
      AppendNullElement(array);
    } else {
      AppendElement(array, column_.Text(row, /*says_zone=*/true, text_));
    }
  }
}

void ArrayEncoder::AppendNumerics(std::string& array) {
  for (int64_t row = from_; row < from_ + count_; ++row) {
    if (column_.IsNull(row)) {
      AppendNullElement(array);
    } else {
      AppendNumeric(array, column_.Decimal(row), column_.values().scale);
    }
  }
}

}  // namespace aft
