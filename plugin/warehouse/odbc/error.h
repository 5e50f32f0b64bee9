// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>

#include <vector>

#include "plugin/warehouse/connection/database_error.h"

namespace aft::odbc {

/// All diagnostic records of a handle, the most important first.
std::vector<Diagnostic> ReadDiagnostics(SQLSMALLINT handle_type, SQLHANDLE handle);

}  // namespace aft::odbc
