// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "plugin/warehouse/arrow/arrow_c.h"

namespace aft {

/// Throws unless the batch has these many columns and none of its rows is null as a
/// whole.
void CheckBatch(const ArrowArray& batch, size_t columns, const std::string& doing);

/// The frame's rows as errors name them, counted from 1: "in rows 1 to 3 of the frame".
std::string RowsOfFrame(int64_t first, int64_t count);

}  // namespace aft
