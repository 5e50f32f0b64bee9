// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/odbc/connection.h"

namespace aft {

/// The dialect of the database behind the connection, by what the driver calls it.
std::unique_ptr<Dialect> MakeDialect(odbc::Connection& connection);
/// That of a database that is reached without ODBC, by its name.
std::unique_ptr<Dialect> MakeDialect(std::string_view dbms_name);

}  // namespace aft
