// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>

#include <string_view>

/// Arguments as ODBC's prototypes want them.
namespace aft::odbc {

/// The prototypes take pointers to non-const although they only read.
inline SQLCHAR* Narrow(std::string_view text) {
  return reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.data()));
}

/// A number where the prototype takes a pointer for both.
inline SQLPOINTER AsPointer(SQLULEN number) {
  return reinterpret_cast<SQLPOINTER>(number);  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace aft::odbc
