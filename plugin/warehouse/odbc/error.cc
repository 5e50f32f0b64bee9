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

std::string Message(std::string_view doing, std::string_view function,
                    const std::vector<Diagnostic>& diagnostics, std::string_view advice) {
  std::string message = Text("cannot ", doing, ": ", function, ":");
  if (diagnostics.empty()) message += " the driver gives no reason";
  for (const Diagnostic& diagnostic : diagnostics) {
    if (&diagnostic != diagnostics.data()) message += ";";
    message += Text(" ", diagnostic.state, " ", diagnostic.text);
  }
  if (!advice.empty()) message += Text("; ", advice);
  return message;
}

}  // namespace

OdbcError::OdbcError(std::string_view doing, std::string_view function,
                     const std::vector<Diagnostic>& diagnostics, std::string_view advice)
    : Error(Message(doing, function, diagnostics, advice)),
      sqlstate_(diagnostics.empty() ? kStateGeneralError
                                    : std::string_view(diagnostics[0].state)),
      native_code_(diagnostics.empty() ? 0 : diagnostics[0].native_code),
      function_(function) {}

OdbcError::OdbcError(const OdbcError& error, std::string_view more)
    : OdbcError(Text(error.what(), "; ", more), error) {}

OdbcError OdbcError::WithMessage(const OdbcError& error, const std::string& message) {
  return {message, error};
}

OdbcError::OdbcError(const std::string& message, const OdbcError& error)
    : Error(message),
      sqlstate_(error.sqlstate_),
      native_code_(error.native_code_),
      function_(error.function_) {}

bool OdbcError::IsPassing() const {
  static constexpr std::array<std::string_view, 7> kPassing = {"08", "40",    "53",  "55",
                                                               "57", "HY008", "HYT0"};
  return std::any_of(
      kPassing.begin(), kPassing.end(),
      [this](std::string_view beginning) { return sqlstate_.starts_with(beginning); });
}

bool OdbcError::IsAboutExistence() const {
  static constexpr std::array<std::string_view, 4> kStates = {"42S01", "42S02", "42S21",
                                                              "42S22"};
  return std::find(kStates.begin(), kStates.end(), sqlstate_) != kStates.end();
}

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
