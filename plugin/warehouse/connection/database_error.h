// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host_shim/error.h"

/// What a database says of a failure, and the exception that carries it.
namespace aft {

/// What a driver says that has no better state, and all that sqliteodbc says.
inline constexpr std::string_view kStateGeneralError = "HY000";

/// What PostgreSQL says where a lock was not to be waited for any longer.
inline constexpr std::string_view kStateLockTimeout = "55P03";

/// One diagnostic record.
struct Diagnostic {
  std::string state;
  int native_code = 0;
  std::string text;
};

/// A statement or another call to a database failed. The message holds what was being
/// done, the function and every diagnostic record, the first leading.
class DatabaseError : public Error {
 public:
  DatabaseError(std::string_view doing, std::string_view function,
                const std::vector<Diagnostic>& diagnostics, std::string_view advice);

  /// As `error`, with more to say, or with another message.
  DatabaseError(const DatabaseError& error, std::string_view more);
  static DatabaseError WithMessage(const DatabaseError& error,
                                   const std::string& message);

  [[nodiscard]] const std::string& sqlstate() const { return sqlstate_; }
  [[nodiscard]] int native_code() const { return native_code_; }
  [[nodiscard]] const std::string& function() const { return function_; }
  /// True where the same could go well at another time: for a lost connection, a conflict
  /// with other transactions, a lack of resources, and what was cancelled or took too
  /// long.
  [[nodiscard]] bool IsPassing() const;
  /// True where a table or column is there already, or is missing. Others may have made
  /// or removed it.
  [[nodiscard]] bool IsAboutExistence() const;
  /// True for SQLSTATE class 08, connection exception.
  [[nodiscard]] bool IsConnectionLost() const { return sqlstate_.substr(0, 2) == "08"; }

 private:
  DatabaseError(const std::string& message, const DatabaseError& error);

  std::string sqlstate_;
  int native_code_ = 0;
  std::string function_;
};

}  // namespace aft
