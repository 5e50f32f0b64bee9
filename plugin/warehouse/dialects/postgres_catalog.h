// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "plugin/warehouse/connection/connection.h"

namespace aft {

/// The one value of a query's one row; empty for NULL.
std::string PostgresValue(Connection& connection, const std::string& sql,
                          const std::string& doing);
/// A text as a literal.
std::string PostgresLiteral(std::string_view text);

}  // namespace aft
