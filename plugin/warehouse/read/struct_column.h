// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "plugin/warehouse/read/cell_text.h"
#include "plugin/warehouse/read/convert.h"

namespace aft {

/// A converter of dates or timestamps in ODBC's structs.
std::unique_ptr<ColumnConverter> MakeStructConverter(const ValueType& type,
                                                     ColumnSource source);

}  // namespace aft
