// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <atomic>

/// unixODBC's functions under their own names. They are looked up when they are first
/// called, so that aft can be loaded where unixODBC is not installed.
namespace aft::odbc {

/// Loads unixODBC. Throws an Error that says what to install.
void LoadLibrary();

/// The address of a function of unixODBC. Throws an Error that says what to install.
void* FindFunction(const char* name);

template <typename Function>
class LibraryFunction;

/// A function of unixODBC.
template <typename... Parameters>
class LibraryFunction<SQLRETURN(Parameters...)> {
 public:
  explicit constexpr LibraryFunction(const char* name) : name_(name) {}

  SQLRETURN operator()(Parameters... arguments) const {
    void* found = address_.load(std::memory_order_acquire);
    if (found == nullptr) {
      found = FindFunction(name_);
      address_.store(found, std::memory_order_release);
    }
    return reinterpret_cast<SQLRETURN (*)(Parameters...)>(found)(arguments...);
  }

 private:
  const char* name_;
  mutable std::atomic<void*> address_ = nullptr;
};

// ODBC's names, which hide the declarations.
// NOLINTBEGIN(readability-identifier-naming, bugprone-macro-parentheses)
#define AFT_LIBRARY_FUNCTION(name) \
  inline constinit const LibraryFunction<decltype(::name)> name { #name }

AFT_LIBRARY_FUNCTION(SQLAllocHandle);
AFT_LIBRARY_FUNCTION(SQLBindCol);
AFT_LIBRARY_FUNCTION(SQLBindParameter);
AFT_LIBRARY_FUNCTION(SQLCancel);
AFT_LIBRARY_FUNCTION(SQLColAttribute);
AFT_LIBRARY_FUNCTION(SQLDataSources);
AFT_LIBRARY_FUNCTION(SQLDescribeCol);
AFT_LIBRARY_FUNCTION(SQLDisconnect);
AFT_LIBRARY_FUNCTION(SQLDriverConnect);
AFT_LIBRARY_FUNCTION(SQLDrivers);
AFT_LIBRARY_FUNCTION(SQLEndTran);
AFT_LIBRARY_FUNCTION(SQLExecDirect);
AFT_LIBRARY_FUNCTION(SQLExecute);
AFT_LIBRARY_FUNCTION(SQLFetch);
AFT_LIBRARY_FUNCTION(SQLFreeHandle);
AFT_LIBRARY_FUNCTION(SQLGetData);
AFT_LIBRARY_FUNCTION(SQLGetDiagRec);
AFT_LIBRARY_FUNCTION(SQLGetInfo);
AFT_LIBRARY_FUNCTION(SQLGetStmtAttr);
AFT_LIBRARY_FUNCTION(SQLGetTypeInfo);
AFT_LIBRARY_FUNCTION(SQLNumParams);
AFT_LIBRARY_FUNCTION(SQLNumResultCols);
AFT_LIBRARY_FUNCTION(SQLPrepare);
AFT_LIBRARY_FUNCTION(SQLRowCount);
AFT_LIBRARY_FUNCTION(SQLSetConnectAttr);
AFT_LIBRARY_FUNCTION(SQLSetEnvAttr);
AFT_LIBRARY_FUNCTION(SQLSetPos);
AFT_LIBRARY_FUNCTION(SQLSetStmtAttr);
AFT_LIBRARY_FUNCTION(SQLTables);

#undef AFT_LIBRARY_FUNCTION
// NOLINTEND(readability-identifier-naming, bugprone-macro-parentheses)

}  // namespace aft::odbc
