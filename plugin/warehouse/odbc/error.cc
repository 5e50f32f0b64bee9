// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/odbc/error.h"

#include <algorithm>
#include <array>

#include "plugin/warehouse/odbc/library.h"

namespace aft::odbc {
namespace {

// psqlodbc 13.02 ends each message of the server with one of these.
constexpr std::array<std::string_view, 3> kNoise = {
    ";\nError while executing the query",
    ";\nNo query has been executed with that handle",
    ";\nError while preparing parameters"};

/// The cause alone, in one line.
std::string Cleaned(std::string text) {
  for (const std::string_view noise : kNoise) {
    if (text.ends_with(noise)) text.resize(text.size() - noise.size());
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::vector<Diagnostic> ReadDiagnostics(SQLSMALLINT handle_type, SQLHANDLE handle) {
  std::vector<Diagnostic> diagnostics;
  std::array<SQLCHAR, SQL_SQLSTATE_SIZE + 1> state{};
  std::string text(1024, '\0');
  // A driver that never ends its list must not hold us.
  for (SQLSMALLINT record = 1; record <= 100; ++record) {
    SQLINTEGER native_code = 0;
    SQLSMALLINT length = 0;
    const SQLRETURN outcome =
        SQLGetDiagRec(handle_type, handle, record, state.data(), &native_code,
                      reinterpret_cast<SQLCHAR*>(text.data()),
                      static_cast<SQLSMALLINT>(text.size()), &length);
    if (outcome == SQL_SUCCESS_WITH_INFO && length >= 0 &&
        static_cast<size_t>(length) >= text.size()) {
      text.resize(static_cast<size_t>(length) + 1);
      --record;
      continue;
    }
    if (!SQL_SUCCEEDED(outcome)) break;
    diagnostics.push_back({reinterpret_cast<char*>(state.data()), native_code,
                           Cleaned(text.substr(0, text.find('\0')))});
  }
  return diagnostics;
}

}  // namespace aft::odbc
