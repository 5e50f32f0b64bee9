// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "plugin/warehouse/dialects/column_type.h"

namespace aft {

/// The type of a column: its name in pg_type and its modifier in pg_attribute, which says
/// how many digits or characters there are, or is -1.
ColumnType ReadPostgresType(std::string_view name, int modifier);

/// The same of an array, by what its elements are.
ColumnType ReadPostgresArray(std::string_view element, int modifier);

}  // namespace aft
