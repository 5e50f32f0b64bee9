// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "plugin/warehouse/arrow/arrow_c.h"

/// Arrow data of others, passed on.
namespace aft {

/// A schema like that one, with all that is below it.
Unique<ArrowSchema> CopySchema(const ArrowSchema& schema);

/// The rows of an array from `from` on. It has to outlive whoever reads them.
Unique<ArrowArray> BorrowRows(const ArrowArray& array, int64_t from, int64_t count);

}  // namespace aft
