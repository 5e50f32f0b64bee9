// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "plugin/warehouse/connection/connection.h"
#include "plugin/warehouse/odbc/error.h"

/// Owners for ODBC's three handles, and the one place where a SQLRETURN becomes
/// a DatabaseError.
///
/// Texts cross in the narrow API and are UTF-8. unixODBC hands them to a driver
/// that was connected that way byte for byte, whatever the locale, while the wide
/// API would pass everything through UTF-16 twice.
namespace aft::odbc {

class Environment {
 public:
  Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment();

  [[nodiscard]] SQLHENV handle() const { return handle_; }
  /// The drivers that unixODBC knows, by name, and the file of each, or "".
  [[nodiscard]] std::map<std::string, std::string> drivers() const;
  /// The data sources that unixODBC knows, by name, and the driver of each, or "".
  [[nodiscard]] std::map<std::string, std::string> data_sources() const;

 private:
  SQLHENV handle_ = SQL_NULL_HENV;
};

/// An open connection. Outlives its statements, whose calls it takes one at a time: a
/// driver need not bear two threads at once.
class Connection final : public aft::Connection {
 public:
  /// Words of advice on an error of the driver's, or "".
  using Advise = std::string_view (*)(const Diagnostic&);

  /// Where the server is silent, in the network's sense, for `longest_silence` while it
  /// is waited for, the driver finds its connection ended; unless that is 0.
  explicit Connection(
      const std::string& connection_string,
      std::chrono::seconds longest_silence = std::chrono::seconds::zero());
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override;

  [[nodiscard]] std::unique_ptr<Rows> Run(std::string_view sql, const std::string& doing,
                                          Stop stop) override;
  void Begin(const std::string& doing) override;
  void End(bool commit, const std::string& doing) override;
  [[nodiscard]] Connection& odbc() override { return *this; }

  [[nodiscard]] SQLHDBC handle() const { return handle_; }
  /// What SQLGetInfo says, or "" and 0 for what the driver says that it doesn't know.
  [[nodiscard]] std::string InfoText(SQLUSMALLINT kind) const;
  [[nodiscard]] SQLUINTEGER InfoNumber(SQLUSMALLINT kind) const;
  void SetAutocommit(bool on, std::string_view doing);
  void EndTransaction(bool commit, std::string_view doing);
  void set_advise(Advise function) { advise_ = function; }
  [[nodiscard]] Advise advise() const { return advise_; }
  /// For a driver that reports the failure of a statement as a warning.
  void set_warnings_are_errors(bool are_errors) { warnings_are_errors_ = are_errors; }
  [[nodiscard]] bool warnings_are_errors() const { return warnings_are_errors_; }
  [[nodiscard]] std::unique_lock<std::recursive_mutex> Lock();
  void Hold() override { mutex_.lock(); }
  void LetGo() override { mutex_.unlock(); }
  /// By SQLCancel.
  bool Cancel() override;
  /// False for a driver that does not bear that.
  void set_cancellable(bool is_cancellable) { is_cancellable_ = is_cancellable; }
  [[nodiscard]] bool is_cancellable() const { return is_cancellable_; }

  /// While it lives, Cancel() may stop `statement`. One at a time.
  class Cancellable {
   public:
    Cancellable(Connection& connection, SQLHSTMT statement);
    Cancellable(const Cancellable&) = delete;
    Cancellable& operator=(const Cancellable&) = delete;
    ~Cancellable();

   private:
    Connection& connection_;
  };

 private:
  bool Info(SQLUSMALLINT kind, void* value, SQLSMALLINT capacity) const;

  Environment environment_;
  SQLHDBC handle_ = SQL_NULL_HDBC;
  Advise advise_ = nullptr;
  bool warnings_are_errors_ = false;
  std::recursive_mutex mutex_;
  std::mutex cancelling_;  ///< taken after mutex_ where both are
  SQLHSTMT busy_ = SQL_NULL_HSTMT;
  bool is_cancellable_ = true;
};

}  // namespace aft::odbc
