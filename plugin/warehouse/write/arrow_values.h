// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "plugin/warehouse/arrow/arrow_c.h"
#include "plugin/warehouse/write/fitted_column.h"

/// A frame's values as Arrow that a table's column takes as they are.
namespace aft {

/// Whether a database's conversion of these values to the column's type changes none, so
/// that nobody has to look at them. Texts may still not be UTF-8.
bool IsWithin(const ValueType& values, const ColumnType& column);

/// The Arrow type of what FittedValues() gives.
Unique<ArrowSchema> FittedSchema(const FittedColumn& column);
/// The values of rows of the array that is set, as the table's column holds them.
Unique<ArrowArray> FittedValues(const FittedColumn& column, int64_t from, int64_t count);

/// Throws for a text that is not UTF-8 or longer than the column's.
void CheckTexts(const FittedColumn& column, int64_t from, int64_t count);

/// Of an array in Arrow's most common layouts, at a glance: all rows are UTF-8, or none
/// is one of the dates and moments that stand for infinity. False where a closer look is
/// needed.
bool AreSurelyTexts(const ArrowArray& array, std::string_view format, int64_t from,
                    int64_t count);
bool AreSurelyFinite(const ArrowArray& array, std::string_view format, int64_t from,
                     int64_t count);

}  // namespace aft
