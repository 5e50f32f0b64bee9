// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "plugin/warehouse/arrow/arrow_c.h"

namespace aft {

/// The first of the lists in rows of an array that has a text which isn't UTF-8, or one
/// of the dates and moments that stand for infinity. `from` counts from the array's
/// offset.
std::optional<int64_t> FindUnfitList(const ArrowArray& array, const ArrowSchema& schema,
                                     int64_t from, int64_t count);

}  // namespace aft
