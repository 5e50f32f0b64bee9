// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "plugin/warehouse/dialects/column_type.h"
#include "plugin/warehouse/values/value_type.h"

/// MariaDB's column types, as SHOW COLUMNS and CREATE TABLE have them.
namespace aft {

/// Whether a server of that version, as `SELECT version()` says it, has a type for UUIDs.
bool HasUuids(std::string_view version);

/// The type of a new column for these values.
std::string MariadbTypeName(const ValueType& type);
/// What a column of that type holds.
ColumnType ReadMariadbType(std::string_view type_name);

}  // namespace aft
