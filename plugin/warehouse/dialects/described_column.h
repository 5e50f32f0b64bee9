// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plugin/warehouse/dialects/column_type.h"
#include "plugin/warehouse/dialects/read_plan.h"
#include "plugin/warehouse/odbc/statement.h"

namespace aft {

/// How a column is read if its driver's description is true.
ReadColumnPlan PlanByDescription(const odbc::ColumnDescription& column);
/// The type of a new column of decimals, with room for those of another day.
std::string DecimalTypeName(const ValueType& type, int most_digits = 38);
/// What a table's column holds, so far as its driver's description can be believed: not
/// the lengths of texts, for which drivers make up numbers.
ColumnType TypeByDescription(const odbc::ColumnDescription& column);

}  // namespace aft
