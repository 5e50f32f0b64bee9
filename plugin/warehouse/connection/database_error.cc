// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/connection/database_error.h"

#include <algorithm>
#include <array>

namespace aft {
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

}  // namespace

DatabaseError::DatabaseError(std::string_view doing, std::string_view function,
                             const std::vector<Diagnostic>& diagnostics,
                             std::string_view advice)
    : Error(Message(doing, function, diagnostics, advice)),
      sqlstate_(diagnostics.empty() ? kStateGeneralError
                                    : std::string_view(diagnostics[0].state)),
      native_code_(diagnostics.empty() ? 0 : diagnostics[0].native_code),
      function_(function) {}

DatabaseError::DatabaseError(const DatabaseError& error, std::string_view more)
    : DatabaseError(Text(error.what(), "; ", more), error) {}

DatabaseError DatabaseError::WithMessage(const DatabaseError& error,
                                         const std::string& message) {
  return {message, error};
}

DatabaseError::DatabaseError(const std::string& message, const DatabaseError& error)
    : Error(message),
      sqlstate_(error.sqlstate_),
      native_code_(error.native_code_),
      function_(error.function_) {}

bool DatabaseError::IsPassing() const {
  static constexpr std::array<std::string_view, 7> kPassing = {"08", "40",    "53",  "55",
                                                               "57", "HY008", "HYT0"};
  return std::any_of(
      kPassing.begin(), kPassing.end(),
      [this](std::string_view beginning) { return sqlstate_.starts_with(beginning); });
}

bool DatabaseError::IsAboutExistence() const {
  static constexpr std::array<std::string_view, 4> kStates = {"42S01", "42S02", "42S21",
                                                              "42S22"};
  return std::find(kStates.begin(), kStates.end(), sqlstate_) != kStates.end();
}

}  // namespace aft
