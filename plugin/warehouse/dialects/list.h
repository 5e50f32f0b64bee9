// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/odbc/connection.h"

namespace aft {

/// The dialect of the database behind the connection, by what the driver calls it.
std::unique_ptr<Dialect> MakeDialect(odbc::Connection& connection);

}  // namespace aft
