// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace aft {

/// The query without the semicolon at its end, if it can stand in parentheses in another
/// query's FROM clause; "" for other statements. Reads PostgreSQL's quotes and comments.
std::string SubqueryOf(std::string_view sql);

}  // namespace aft
