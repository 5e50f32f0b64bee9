// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/odbc/connection.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "plugin/warehouse/odbc/arguments.h"
#include "plugin/warehouse/odbc/library.h"
#include "plugin/warehouse/odbc/new_sockets.h"
#include "plugin/warehouse/odbc/statement.h"

namespace aft::odbc {
namespace {

constexpr std::string_view kDriver = "Driver=";

/// Calls `use` with the two texts of each entry of a list of unixODBC's.
template <typename Function, typename Use>
void Enumerate(const Function& next, SQLHENV environment, const Use& use) {
  std::array<SQLCHAR, 256> name{};
  std::array<SQLCHAR, 4096> more{};
  SQLSMALLINT length = 0;
  SQLUSMALLINT direction = SQL_FETCH_FIRST;
  while (SQL_SUCCEEDED(next(environment, direction, name.data(),
                            static_cast<SQLSMALLINT>(name.size()), &length, more.data(),
                            static_cast<SQLSMALLINT>(more.size()), &length))) {
    use(reinterpret_cast<char*>(name.data()), reinterpret_cast<char*>(more.data()));
    direction = SQL_FETCH_NEXT;
    more = {};
  }
}

}  // namespace

Environment::Environment() {
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle_))) {
    throw DatabaseError("start ODBC", "SQLAllocHandle", {}, "");
  }
  SQLSetEnvAttr(handle_, SQL_ATTR_ODBC_VERSION,
                reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
}

Environment::~Environment() { SQLFreeHandle(SQL_HANDLE_ENV, handle_); }

std::map<std::string, std::string> Environment::drivers() const {
  std::map<std::string, std::string> found;
  Enumerate(SQLDrivers, handle_, [&](const char* name, const char* attributes) {
    // "Driver=file", "Setup=file" and so on, each with a NUL at its end, and one more.
    std::string& file = found[name];
    for (const char* at = attributes; *at != '\0'; at += std::strlen(at) + 1) {
      const std::string_view attribute = at;
      if (attribute.starts_with(kDriver)) file = attribute.substr(kDriver.size());
    }
  });
  return found;
}

std::map<std::string, std::string> Environment::data_sources() const {
  std::map<std::string, std::string> found;
  Enumerate(SQLDataSources, handle_,
            [&](const char* name, const char* driver) { found.emplace(name, driver); });
  return found;
}

Connection::Connection(const std::string& connection_string,
                       std::chrono::seconds longest_silence) {
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, environment_.handle(), &handle_))) {
    throw DatabaseError("connect to the warehouse", "SQLAllocHandle",
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
  const std::vector<Diagnostic> diagnostics = ReadDiagnostics(SQL_HANDLE_DBC, handle_);
  SQLFreeHandle(SQL_HANDLE_DBC, handle_);
  // What the driver manager itself refuses is a driver that it can't find or load.
  const bool is_missing =
      !diagnostics.empty() &&
      diagnostics[0].text.find("[Driver Manager]") != std::string::npos;
  throw DatabaseError(
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
  throw DatabaseError("ask the driver what the warehouse can do", "SQLGetInfo",
                      diagnostics, "");
}

std::unique_ptr<Rows> Connection::Run(std::string_view sql, const std::string& doing,
                                      Stop stop) {
  auto statement = std::make_unique<Statement>(*this, doing, stop);
  statement->ExecuteDirect(sql);
  return statement;
}

void Connection::Begin(const std::string& doing) { SetAutocommit(false, doing); }

void Connection::End(bool commit, const std::string& doing) {
  EndTransaction(commit, doing);
  SetAutocommit(true, doing);
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
  throw DatabaseError(doing, "SQLSetConnectAttr",
                      ReadDiagnostics(SQL_HANDLE_DBC, handle_), "");
}

void Connection::EndTransaction(bool commit, std::string_view doing) {
  const auto lock = Lock();
  const SQLRETURN outcome =
      SQLEndTran(SQL_HANDLE_DBC, handle_, commit ? SQL_COMMIT : SQL_ROLLBACK);
  if (SQL_SUCCEEDED(outcome)) return;
  const std::vector<Diagnostic> diagnostics = ReadDiagnostics(SQL_HANDLE_DBC, handle_);
  const bool has_advice = advise_ != nullptr && !diagnostics.empty();
  throw DatabaseError(doing, "SQLEndTran", diagnostics,
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
