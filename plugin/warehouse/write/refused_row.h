// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "plugin/warehouse/connection/database_error.h"
#include "plugin/warehouse/odbc/connection.h"

namespace aft {

/// Rows that went to the database in one statement.
struct SentRows {
  int64_t first = 1;  ///< counts the frame's rows from 1
  int64_t count = 1;
};

/// The error with the rows that it is about: the one row that the database refuses, or
/// all of those sent where that can't be found out.
///
/// To find the row, undoes the transaction and sends parts of the rows again by
/// `send(from, count)`, from 0; each try is undone.
DatabaseError NameRefusedRow(odbc::Connection& connection, const DatabaseError& error,
                             const SentRows& rows,
                             const std::function<void(int64_t, int64_t)>& send);

}  // namespace aft
