// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "plugin/warehouse/read/convert.h"

namespace aft {

/// How many dimensions an array has in PostgreSQL's text; 0 for an empty one.
int DimensionsOf(std::string_view array);

/// A converter of PostgreSQL's arrays, in its text, to lists of as many lists as `column`
/// has. `relation` is for messages.
std::unique_ptr<ColumnConverter> MakeListConverter(const ReadColumnPlan& column,
                                                   const std::string& relation);

}  // namespace aft
