// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plugin/warehouse/value_type.h"
#include "plugin/warehouse/write_column.h"

/// MariaDB's column types, as SHOW COLUMNS and CREATE TABLE have them.
namespace aft {

/// The type of a new column for these values.
std::string MariadbTypeName(const ValueType& type);
/// How values go into a column of that type; nothing where they would change in it
/// without a word of the server's.
std::optional<Encoding> MariadbEncoding(const ValueType& type,
                                        std::string_view type_name);
/// How many digits behind the second's point a column of that type keeps.
int MariadbSecondDigits(std::string_view type_name);

}  // namespace aft
