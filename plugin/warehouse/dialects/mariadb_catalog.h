// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plugin/warehouse/connection/connection.h"

namespace aft {

/// The first column of a query's first row.
std::optional<std::string> MariadbValue(Connection& connection, const std::string& sql,
                                        const std::string& doing);
/// A text as a literal, whatever the session takes a backslash for.
std::string MariadbLiteral(std::string_view text);

}  // namespace aft
