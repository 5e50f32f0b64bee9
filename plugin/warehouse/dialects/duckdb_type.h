// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "plugin/warehouse/dialects/column_type.h"
#include "plugin/warehouse/values/value_type.h"

namespace aft {

/// What a column of DuckDB's holds, by its type as duckdb_columns() spells it.
ColumnType ReadDuckdbType(std::string_view name);
/// The type of a new column for these values.
std::string DuckdbTypeName(const ValueType& type);

}  // namespace aft
