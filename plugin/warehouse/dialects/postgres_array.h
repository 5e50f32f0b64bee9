// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// PostgreSQL's binary form of arrays (array_recv in its arrayfuncs.c): a header, then
/// for each element its length, or -1 for NULL, and its bytes, all numbers big-endian.
namespace aft {

/// What the elements are, by the types' OIDs, which are the same on every server.
enum class ArrayElement : uint32_t {
  kBoolean = 16,
  kBytes = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kFloat4 = 700,
  kFloat8 = 701,
  kDate = 1082,       ///< days since 2000-01-01
  kTime = 1083,       ///< microseconds since midnight
  kTimestamp = 1114,  ///< microseconds since 2000-01-01
  kInstant = 1184,    ///< the same, in UTC
  kNumeric = 1700,    ///< digits to the base 10,000 (numeric_recv in numeric.c)
};

/// The element's name in SQL.
constexpr std::string_view SqlName(ArrayElement element) {
  switch (element) {
    case ArrayElement::kBoolean:
      return "bool";
    case ArrayElement::kBytes:
      return "bytea";
    case ArrayElement::kInt8:
      return "int8";
    case ArrayElement::kInt2:
      return "int2";
    case ArrayElement::kInt4:
      return "int4";
    case ArrayElement::kFloat4:
      return "float4";
    case ArrayElement::kFloat8:
      return "float8";
    case ArrayElement::kDate:
      return "date";
    case ArrayElement::kTime:
      return "time";
    case ArrayElement::kTimestamp:
      return "timestamp";
    case ArrayElement::kInstant:
      return "timestamptz";
    case ArrayElement::kNumeric:
      return "numeric";
    case ArrayElement::kText:
      break;
  }
  return "text";
}

/// Writes a number of 1, 2, 4 or 8 bytes to `at`; where the next one goes.
template <typename T>
char* PutBigEndian(char* at, T value) {
  if constexpr (sizeof value == 2) value = static_cast<T>(__builtin_bswap16(value));
  if constexpr (sizeof value == 4) value = static_cast<T>(__builtin_bswap32(value));
  if constexpr (sizeof value == 8) value = static_cast<T>(__builtin_bswap64(value));
  std::memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

inline constexpr size_t kArrayHeader = 20;
inline constexpr size_t kElementHeader = 4;
inline constexpr uint32_t kNullElement = 0xFFFFFFFF;

/// The header of an array of one dimension, to the first bytes of `array`.
inline void PutArrayHeader(std::string& array, ArrayElement element, uint32_t count) {
  char* at = PutBigEndian(array.data(), uint32_t{1});
  at = PutBigEndian(at, uint32_t{1});  // There may be NULLs.
  at = PutBigEndian(at, static_cast<uint32_t>(element));
  at = PutBigEndian(at, count);
  PutBigEndian(at, uint32_t{1});  // The first element's index.
}

/// Appends an element of any length.
inline void AppendElement(std::string& array, std::string_view bytes) {
  const size_t from = array.size();
  array.resize(from + kElementHeader);
  PutBigEndian(array.data() + from, static_cast<uint32_t>(bytes.size()));
  array.append(bytes);
}

inline void AppendNullElement(std::string& array) {
  const size_t from = array.size();
  array.resize(from + kElementHeader);
  PutBigEndian(array.data() + from, kNullElement);
}

}  // namespace aft
