// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/odbc_error.h"

/// Owners for ODBC's three handles, and the one place where a SQLRETURN becomes
/// an OdbcError.
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
  /// The names of the drivers that unixODBC knows.
  [[nodiscard]] std::vector<std::string> drivers() const;

 private:
  SQLHENV handle_ = SQL_NULL_HENV;
};

/// An open connection. Outlives its statements, whose calls it takes one at a time: a
/// driver need not bear two threads at once.
class Connection {
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
  ~Connection();

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

  /// Lets the driver give up the statement that it is busy with, on the server as well
  /// (SQLCancel). From any thread. False where it is busy with none.
  bool Cancel();
  /// False for a driver that does not bear that.
  void set_cancellable(bool is_cancellable) { is_cancellable_ = is_cancellable; }

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

/// A column of a result as the driver describes it.
struct ColumnDescription {
  std::string name;
  std::string label;
  std::string type_name;
  SQLSMALLINT sql_type = SQL_UNKNOWN_TYPE;
  SQLULEN size = 0;
  SQLSMALLINT decimal_digits = 0;
  bool is_unsigned = false;
};

/// A parameter's place in memory.
struct Parameter {
  SQLSMALLINT c_type = SQL_C_CHAR;
  SQLSMALLINT sql_type = SQL_VARCHAR;
  SQLULEN size = 0;
  SQLSMALLINT decimal_digits = 0;
  char* value = nullptr;
  SQLLEN capacity = 0;
  SQLLEN* indicator = nullptr;
};

/// One statement of a connection. `doing` completes "cannot …" in its errors.
class Statement {
 public:
  enum class Stop { kOnCancel, kNever };

  /// What undoes or cleans up is not to be stopped.
  Statement(Connection& connection, std::string doing, Stop stop = Stop::kOnCancel);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  void Prepare(std::string_view sql);
  void Execute();
  void ExecuteDirect(std::string_view sql);
  /// The next row or rows into the bound columns; false behind the last one.
  [[nodiscard]] bool Fetch();
  void BindColumn(SQLUSMALLINT number, SQLSMALLINT c_type, char* value, SQLLEN capacity,
                  SQLLEN* indicators);
  void BindParameter(SQLUSMALLINT number, const Parameter& parameter);
  /// Asks for `rows` rows a fetch; gives how many the driver agrees to.
  SQLULEN SetRowsPerFetch(SQLULEN rows, SQLULEN* rows_fetched);
  /// How many values of each bound parameter the next execution takes.
  void SetRowsPerExecution(SQLULEN rows);
  /// Catalog results: tables of that name (SQLTables' columns), and all schemas or
  /// catalogs.
  void Tables(const std::string& catalog, const std::string& schema,
              const std::string& table);
  void Qualifiers(bool are_schemas);
  /// Types that columns can have (SQLGetTypeInfo's columns).
  void TypeInfo();
  /// The whole text of a column of the row fetched, or nothing for NULL.
  [[nodiscard]] std::optional<std::string> Text(SQLUSMALLINT number);
  /// The whole value of a column of the row fetched, however long; false for NULL.
  bool GetData(SQLUSMALLINT number, SQLSMALLINT c_type, std::string& bytes);

  [[nodiscard]] std::vector<ColumnDescription> Columns();
  /// -1 where the driver doesn't know.
  [[nodiscard]] int64_t RowCount();
  [[nodiscard]] const std::string& doing() const { return doing_; }

 private:
  void Check(SQLRETURN outcome, std::string_view function);
  /// Of a statement that the server ran.
  void CheckRun(SQLRETURN outcome, std::string_view function);
  [[nodiscard]] SQLLEN Attribute(SQLUSMALLINT column, SQLUSMALLINT field);
  [[nodiscard]] std::string AttributeText(SQLUSMALLINT column, SQLUSMALLINT field);

  /// Calls one of ODBC's functions that may take long.
  template <typename Function>
  SQLRETURN Call(Function function);

  SQLHSTMT handle_ = SQL_NULL_HSTMT;
  Connection& connection_;
  std::string doing_;
  Stop stop_;
};

}  // namespace aft::odbc
