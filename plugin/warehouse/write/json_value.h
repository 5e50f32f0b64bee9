// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "plugin/warehouse/arrow/arrow_column.h"
#include "plugin/warehouse/write/frame_cell.h"

namespace aft {

/// Appends a value of a column without lists, which isn't NULL, as JSON. What JSON has no
/// type for is its usual text. Throws where it has no such value.
void AppendJson(std::string& json, const ArrowColumn& column, int64_t row,
                const CellPlace& place);

}  // namespace aft
