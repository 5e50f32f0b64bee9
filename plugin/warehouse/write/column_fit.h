// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "plugin/warehouse/dialects/column_type.h"
#include "plugin/warehouse/values/value_type.h"

namespace aft {

/// What the values of a frame's column are when they reach the database.
enum class Form {
  kNull,
  kBoolean,
  kInteger,
  kUnsigned,
  kReal,
  kDecimal,
  kText,
  kBytes,
  kDate,
  kTime,
  kTimestamp,
  kArray,  ///< a list, as the text of PostgreSQL's arrays
};

/// PostgreSQL has no arrays of more.
inline constexpr int kMostDimensions = 6;

/// How a frame's column goes into a table's column.
struct ColumnFit {
  Form form = Form::kNull;
  /// The values become texts, which are no more what they were to whoever reads them. An
  /// append may want that; a table that is overwritten gets a column of their own type.
  bool makes_texts = false;

  friend bool operator==(const ColumnFit&, const ColumnFit&) = default;
};

/// The one rule for all databases: what goes into which column, and as what; nothing
/// where the values would become others. Single values may still not fit (FittedColumn).
std::optional<ColumnFit> FitColumn(const ValueType& values, const ColumnType& column);
/// Whether that is a column for these values, so that it need not become another one.
bool IsColumnFor(const ValueType& values, const ColumnType& column);

}  // namespace aft
