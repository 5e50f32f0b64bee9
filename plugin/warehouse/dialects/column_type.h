// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace aft {

enum class ColumnKind {
  kAny,  ///< keeps each value as it is given, such as SQLite's columns without a type
  kBoolean,
  kInteger,
  kDecimal,
  kReal,
  kNumber,  ///< integers and doubles side by side (SQLite's numeric affinity)
  kText,
  kBinary,
  kDate,
  kTime,
  kTimestamp,
  kUuid,
  kJson,
  kArray,
  kOther,  ///< takes its values as text only: enums, intervals, addresses …
};

/// What a table's column holds, parsed from its declared type.
struct ColumnType {
  ColumnKind kind = ColumnKind::kOther;
  /// Of integers: how many bits they have. Of floating-point numbers: 53 or 24, those of
  /// a double's digits or of a float's.
  int bits = 64;
  bool is_unsigned = false;
  /// Of decimals; nothing where any number of digits fits.
  std::optional<int> precision;
  int scale = 0;
  /// Of texts and binary data: the longest value, in characters or, for binary data and
  /// with `counts_bytes`, in bytes; 0 where there is no limit.
  int64_t length = 0;
  bool counts_bytes = false;
  /// Shorter binary values are filled up with zero bytes.
  bool is_padded = false;
  /// Blanks at the end of a text are lost.
  bool drops_blanks = false;
  bool holds_nul = false;
  bool holds_infinity = true;
  bool holds_nan = true;
  /// Of times and timestamps: digits behind the second's point.
  int second_digits = 9;
  /// Of timestamps: whether they are instants; nothing where that can't be told.
  std::optional<bool> has_zone;
  /// Of arrays: the type of their elements.
  std::vector<ColumnType> element{};  // NOLINT(readability-redundant-member-init)

  friend bool operator==(const ColumnType&, const ColumnType&) = default;
};

}  // namespace aft
