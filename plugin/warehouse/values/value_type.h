// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aft {

enum class Kind {
  kNull,
  kBoolean,
  kInteger,
  kReal,
  kDecimal,
  kText,
  kBinary,
  kDate,
  kTime,
  kTimestamp,
  kUuid,
  kJson,  ///< text that is JSON
  kList,
};

/// What the values of a column are, free of how Arrow or a database lays them out.
struct ValueType {
  Kind kind = Kind::kNull;
  /// Of integers: 8, 16, 32 or 64.
  int bits = 64;
  bool is_unsigned = false;
  /// Of decimals.
  int precision = 0;
  int scale = 0;
  /// The frame declares no digits: these are those of its values, and others may come.
  bool is_guessed = false;
  /// Of times and timestamps: digits behind the second's point, 0, 3, 6 or 9.
  int digits = 6;
  /// Of timestamps: an instant, given in UTC.
  bool has_zone = false;
  /// Of bytes: how many each value has; 0 where they differ.
  int width = 0;
  /// Of lists: the one type of their elements, which may be lists.
  std::vector<ValueType> element{};  // NOLINT(readability-redundant-member-init)

  friend bool operator==(const ValueType&, const ValueType&) = default;
};

/// The type below all lists of lists, and how many of them there are.
const ValueType& Leaf(const ValueType& type);
int Depth(const ValueType& type);

/// The type's name in messages, as "64-bit integers".
std::string Describe(const ValueType& type);
/// The format string of the Arrow type that a column of these values has.
std::string ArrowFormat(const ValueType& type);

}  // namespace aft
