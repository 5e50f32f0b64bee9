// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugin/warehouse/connection/connection.h"
#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/write/fitted_column.h"
#include "plugin/warehouse/write/row_sink.h"

namespace aft {

/// The fastest way for rows of these columns into that table. `takes_arrays` is what
/// Dialect::TakesArrays() says, and `make_again` as ArrayColumns'. `connection` and
/// `dialect` have to outlive the sink.
std::unique_ptr<RowSink> MakeSink(Connection& connection, const Dialect& dialect,
                                  const Relation& relation,
                                  std::vector<FittedColumn> columns, bool takes_arrays,
                                  const std::function<void()>& make_again,
                                  const std::string& doing);

}  // namespace aft
