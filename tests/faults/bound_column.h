// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <cstddef>

#include "tests/faults/fault_driver.h"

/// Where a column's values go.
struct BoundColumn {
  bool has_length = false;
  SQLLEN room = 0;  ///< without what ends a text
  SQLLEN width = 0;
  char* value = nullptr;
  SQLLEN* indicator = nullptr;
};

inline SQLLEN RoomIn(SQLSMALLINT c_type, SQLLEN capacity) {
  if (c_type == SQL_C_CHAR) return capacity - 1;
  return c_type == SQL_C_WCHAR ? capacity - static_cast<SQLLEN>(sizeof(SQLWCHAR))
                               : capacity;
}

inline bool HasLength(SQLSMALLINT c_type) {
  return c_type == SQL_C_CHAR || c_type == SQL_C_WCHAR || c_type == SQL_C_BINARY;
}

/// Changes what a column's length is said to be; `is_fetched` where no SQLGetData asked.
inline void SayLength(FaultLength says, const BoundColumn& column, bool is_fetched,
                      size_t row = 0) {
  SQLLEN& length = column.indicator[row];
  if (length == SQL_NULL_DATA) return;
  if (!column.has_length) {
    if (says == kLengthNegative) length = -7;
    return;
  }
  const bool is_cut = length == SQL_NO_TOTAL || length > column.room;
  if (says == kLengthUnknown && (is_cut || is_fetched)) length = SQL_NO_TOTAL;
  if (says == kLengthCut && is_cut) length = column.room;
  if (says == kLengthNegative && is_fetched) length = -7;
  if (says == kLengthTooMuch && is_fetched) length += column.room;
}
