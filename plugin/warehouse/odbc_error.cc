// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/odbc_error.h"

#include <sqlext.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace aft::odbc {
namespace {

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

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

void ReplaceAll(std::string& text, std::string_view part, std::string_view by) {
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += by.size()) {
    text.replace(at, part.size(), by);
  }
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
    : Error(Text(error.what(), "; ", more)),
      sqlstate_(error.sqlstate_),
      native_code_(error.native_code_),
      function_(error.function_) {}

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
                           text.substr(0, text.find('\0'))});
  }
  return diagnostics;
}

void MaskSecrets(std::vector<Diagnostic>& diagnostics,
                 std::string_view connection_string) {
  std::vector<std::string> secrets = {std::string(connection_string)};
  for (size_t from = 0; from < connection_string.size();) {
    const size_t to =
        std::min(connection_string.find(';', from), connection_string.size());
    const std::string_view pair = connection_string.substr(from, to - from);
    from = to + 1;
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals + 1 == pair.size()) continue;
    const std::string key = Lower(pair.substr(0, equals));
    if (key.find("pwd") == std::string::npos && key.find("pass") == std::string::npos &&
        key.find("token") == std::string::npos && key.find("key") == std::string::npos) {
      continue;
    }
    std::string_view value = pair.substr(equals + 1);
    if (value.front() == '{') value.remove_prefix(1);
    if (!value.empty() && value.back() == '}') value.remove_suffix(1);
    if (!value.empty()) secrets.emplace_back(value);
  }
  for (Diagnostic& diagnostic : diagnostics) {
    for (const std::string& secret : secrets)
      ReplaceAll(diagnostic.text, secret, "*****");
  }
}

}  // namespace aft::odbc
