// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/odbc_connection.h"

#include <array>
#include <cstdint>

#include "plugin/warehouse/new_sockets.h"
#include "plugin/warehouse/odbc_arguments.h"

namespace aft::odbc {

Environment::Environment() {
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle_))) {
    throw OdbcError("start ODBC", "SQLAllocHandle", {}, "");
  }
  SQLSetEnvAttr(handle_, SQL_ATTR_ODBC_VERSION,
                reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
}

Environment::~Environment() { SQLFreeHandle(SQL_HANDLE_ENV, handle_); }

std::vector<std::string> Environment::drivers() const {
  std::vector<std::string> names;
  std::array<SQLCHAR, 256> name{};
  SQLSMALLINT length = 0;
  SQLSMALLINT attributes_length = 0;
  SQLUSMALLINT direction = SQL_FETCH_FIRST;
  std::array<SQLCHAR, 4096> attributes{};
  while (SQL_SUCCEEDED(
      SQLDrivers(handle_, direction, name.data(), static_cast<SQLSMALLINT>(name.size()),
                 &length, attributes.data(), static_cast<SQLSMALLINT>(attributes.size()),
                 &attributes_length))) {
    names.emplace_back(reinterpret_cast<char*>(name.data()));
    direction = SQL_FETCH_NEXT;
  }
  return names;
}

Connection::Connection(const std::string& connection_string,
                       std::chrono::seconds longest_silence) {
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, environment_.handle(), &handle_))) {
    throw OdbcError("connect to the warehouse", "SQLAllocHandle",
                    ReadDiagnostics(SQL_HANDLE_ENV, environment_.handle()), "");
  }
  const NewSockets sockets;
  std::array<SQLCHAR, 1024> completed{};
  SQLSMALLINT length = 0;
  const SQLRETURN outcome = SQLDriverConnect(
      handle_, nullptr, Narrow(connection_string), SQL_NTS, completed.data(),
      static_cast<SQLSMALLINT>(completed.size()), &length, SQL_DRIVER_NOPROMPT);
  if (SQL_SUCCEEDED(outcome)) {
    if (longest_silence.count() > 0) sockets.LimitSilence(longest_silence);
    return;
  }
  std::vector<Diagnostic> diagnostics = ReadDiagnostics(SQL_HANDLE_DBC, handle_);
  SQLFreeHandle(SQL_HANDLE_DBC, handle_);
  MaskSecrets(diagnostics, connection_string);
  // What the driver manager itself refuses is a driver that it can't find or load.
  const bool is_missing =
      !diagnostics.empty() &&
      diagnostics[0].text.find("[Driver Manager]") != std::string::npos;
  throw OdbcError(
      "connect to the warehouse", "SQLDriverConnect", diagnostics,
      is_missing ? "is the driver installed and listed by 'odbcinst -q -d'?" : "");
}

Connection::~Connection() {
  SQLDisconnect(handle_);
  SQLFreeHandle(SQL_HANDLE_DBC, handle_);
}

std::unique_lock<std::recursive_mutex> Connection::Lock() {
  return std::unique_lock(mutex_);
}

bool Connection::Info(SQLUSMALLINT kind, void* value, SQLSMALLINT capacity) const {
  SQLSMALLINT length = 0;
  if (SQL_SUCCEEDED(SQLGetInfo(handle_, kind, value, capacity, &length))) return true;
  const std::vector<Diagnostic> diagnostics = ReadDiagnostics(SQL_HANDLE_DBC, handle_);
  const std::string state = diagnostics.empty() ? "" : diagnostics[0].state;
  // An optional feature that is not implemented, a kind that the driver does not know.
  if (state == "HYC00" || state == "HY096") return false;
  throw OdbcError("ask the driver what the warehouse can do", "SQLGetInfo", diagnostics,
                  "");
}

std::string Connection::InfoText(SQLUSMALLINT kind) const {
  std::array<char, 256> text{};
  if (!Info(kind, text.data(), static_cast<SQLSMALLINT>(text.size()))) return "";
  return text.data();
}

SQLUINTEGER Connection::InfoNumber(SQLUSMALLINT kind) const {
  // Drivers write two bytes or four, depending on the kind.
  SQLUINTEGER number = 0;
  return Info(kind, &number, sizeof number) ? number : 0;
}

void Connection::SetAutocommit(bool on, std::string_view doing) {
  const auto lock = Lock();
  const SQLULEN value = on ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF;
  const SQLRETURN outcome =
      SQLSetConnectAttr(handle_, SQL_ATTR_AUTOCOMMIT, AsPointer(value), SQL_IS_UINTEGER);
  if (SQL_SUCCEEDED(outcome)) return;
  throw OdbcError(doing, "SQLSetConnectAttr", ReadDiagnostics(SQL_HANDLE_DBC, handle_),
                  "");
}

void Connection::EndTransaction(bool commit, std::string_view doing) {
  const auto lock = Lock();
  const SQLRETURN outcome =
      SQLEndTran(SQL_HANDLE_DBC, handle_, commit ? SQL_COMMIT : SQL_ROLLBACK);
  if (SQL_SUCCEEDED(outcome)) return;
  const std::vector<Diagnostic> diagnostics = ReadDiagnostics(SQL_HANDLE_DBC, handle_);
  const bool has_advice = advise_ != nullptr && !diagnostics.empty();
  throw OdbcError(doing, "SQLEndTran", diagnostics,
                  has_advice ? advise_(diagnostics[0]) : "");
}

bool Connection::Cancel() {
  // The statement can't be freed before this function returns.
  const std::lock_guard lock(cancelling_);
  return is_cancellable_ && busy_ != SQL_NULL_HSTMT && SQL_SUCCEEDED(SQLCancel(busy_));
}

Connection::Cancellable::Cancellable(Connection& connection, SQLHSTMT statement)
    : connection_(connection) {
  const std::lock_guard lock(connection_.cancelling_);
  connection_.busy_ = statement;
}

Connection::Cancellable::~Cancellable() {
  const std::lock_guard lock(connection_.cancelling_);
  connection_.busy_ = SQL_NULL_HSTMT;
}

}  // namespace aft::odbc
