// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/fault_driver.h"

#include <dlfcn.h>
#include <sql.h>
#include <sqlext.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/faults/bound_column.h"
#include "tests/faults/changed_array.h"
#include "tests/faults/changed_binary_array.h"
#include "tests/faults/fault_state.h"

namespace {

template <typename Function>
Function Real(const char* name, Function /*of this type*/) {
  void* const symbol = ::dlsym(TheState().driver, name);
  if (symbol == nullptr) {
    std::fprintf(stderr, "the driver under test has no %s\n", name);
    std::abort();
  }
  return reinterpret_cast<Function>(symbol);
}

bool IsDue(const char* name) {
  State& state = TheState();
  if (state.number == 0) return false;
  if (state.failed > 0 && state.for_good) return true;
  if (!state.function.empty() && state.function != name) return false;
  return ++state.seen == state.number;
}

SQLRETURN Fail(SQLHANDLE handle, const char* name) {
  State& state = TheState();
  if (state.moment == kFaultCrash) std::raise(SIGSEGV);
  if (state.moment == kFaultExit) std::exit(0);
  ++state.failed;
  state.failed_function = name;
  state.failed_handles.insert(handle);
  return SQL_ERROR;
}

template <typename Work>
SQLRETURN MayFail(const char* name, SQLHANDLE handle, const Work& work) {
  TheState().failed_handles.erase(handle);
  if (!IsDue(name)) return work();
  // The driver manager does not disconnect what it takes for not connected.
  const bool is_connect = std::strcmp(name, "SQLDriverConnect") == 0;
  if (TheState().moment == kFaultAfterwards && !is_connect) work();
  return Fail(handle, name);
}

/// What the fault of a row leaves in its place.
void RepeatRowBefore(SQLHANDLE handle, size_t row) {
  for (const auto& [place, column] : TheState().bound_columns) {
    if (place.first != handle) continue;
    char* const value = column.value + row * static_cast<size_t>(column.width);
    std::memcpy(value, value - column.width, static_cast<size_t>(column.width));
    column.indicator[row] = column.indicator[row - 1];
  }
}

SQLRETURN SayOfRows(SQLHANDLE handle, SQLRETURN outcome) {
  State& state = TheState();
  const FetchedRows& fetched = state.fetched_rows[handle];
  const size_t rows = fetched.count == nullptr ? 1 : *fetched.count;
  for (const auto& [place, column] : state.bound_columns) {
    if (place.first == handle) SayLength(state.lengths, column, true, rows - 1);
  }
  const auto row = static_cast<size_t>(state.row);
  if (row < 2 || row > rows || fetched.statuses == nullptr) return outcome;
  RepeatRowBefore(handle, row - 1);
  fetched.statuses[row - 1] = SQL_ROW_ERROR;
  state.failed_function = "SQLFetch";
  state.failed_handles.insert(handle);
  return SQL_SUCCESS_WITH_INFO;
}

size_t WidthOf(SQLSMALLINT c_type, SQLLEN capacity) {
  if (c_type == SQL_C_BIT) return 1;
  return HasLength(c_type) ? static_cast<size_t>(capacity) : sizeof(int64_t);
}

bool CutsArrays() {
  const FaultArrays arrays = TheState().arrays;
  return arrays == kArraysCut || arrays == kArraysCutSilently;
}

std::vector<BoundParameter> ParametersOf(SQLHANDLE handle) {
  std::vector<BoundParameter> parameters;
  for (const auto& [place, parameter] : TheState().parameters) {
    if (place.first == handle) parameters.push_back(parameter);
  }
  return parameters;
}

/// Whether the execution is of a single row that gets lost.
bool LosesRow(SQLHANDLE handle) {
  State& state = TheState();
  state.lost_rows.erase(handle);
  if (state.array_rows[handle] > 1 || ParametersOf(handle).empty()) return false;
  const bool is_second = ++state.single_rows % 2 == 0;
  const bool is_lost =
      state.arrays == kRowsLost || (state.arrays == kEverySecondRowLost && is_second);
  if (is_lost) state.lost_rows.insert(handle);
  return is_lost;
}

}  // namespace

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): as this project
// names.
extern "C" {

void aft_fault_use(const char* driver) {
  TheState().driver = ::dlopen(driver, RTLD_NOW | RTLD_LOCAL);
  if (TheState().driver != nullptr) return;
  std::fprintf(stderr, "cannot load the driver under test: %s\n", ::dlerror());
  std::abort();
}

void aft_fault_arm(const char* function, int number, FaultMoment moment,
                   const char* sqlstate, int for_good) {
  State& state = TheState();
  state.function = function;
  state.number = number;
  state.moment = moment;
  state.sqlstate = sqlstate;
  state.for_good = for_good != 0;
  state.seen = 0;
  state.failed = 0;
  state.failed_function.clear();
  state.failed_handles.clear();
}

void aft_fault_lengths(FaultLength length) { TheState().lengths = length; }

void aft_fault_row(int row) { TheState().row = row; }

void aft_fault_arrays(FaultArrays arrays) {
  TheState().arrays = arrays;
  TheState().single_rows = 0;
}
void aft_fault_rename(const char* dbms_name) { TheState().dbms_name = dbms_name; }

int aft_fault_count(void) { return TheState().failed; }
const char* aft_fault_function(void) { return TheState().failed_function.c_str(); }
int aft_fault_open_handles(void) {
  return static_cast<int>(TheState().open_handles.size());
}

SQLRETURN SQLAllocHandle(SQLSMALLINT type, SQLHANDLE input, SQLHANDLE* output) {
  const auto work = [&] {
    const SQLRETURN outcome =
        Real("SQLAllocHandle", &SQLAllocHandle)(type, input, output);
    // The driver manager keeps environments to itself.
    if (SQL_SUCCEEDED(outcome) && type != SQL_HANDLE_ENV)
      TheState().open_handles.insert(*output);
    return outcome;
  };
  // Without an environment the driver manager itself can't go on.
  if (type != SQL_HANDLE_STMT || !IsDue("SQLAllocHandle")) return work();
  return Fail(input, "SQLAllocHandle");
}

SQLRETURN SQLFreeHandle(SQLSMALLINT type, SQLHANDLE handle) {
  TheState().open_handles.erase(handle);
  TheState().failed_handles.erase(handle);
  TheState().fetched_rows.erase(handle);
  TheState().array_rows.erase(handle);
  TheState().lost_rows.erase(handle);
  const auto is_of_handle = [&](const auto& bound) {
    return bound.first.first == handle;
  };
  std::erase_if(TheState().bound_columns, is_of_handle);
  std::erase_if(TheState().parameters, is_of_handle);
  return Real("SQLFreeHandle", &SQLFreeHandle)(type, handle);
}

SQLRETURN SQLEndTran(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT completion) {
  return MayFail("SQLEndTran", handle, [&] {
    return Real("SQLEndTran", &SQLEndTran)(type, handle, completion);
  });
}

SQLRETURN SQLGetDiagRec(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number,
                        SQLCHAR* sqlstate, SQLINTEGER* native, SQLCHAR* text,
                        SQLSMALLINT capacity, SQLSMALLINT* length) {
  if (TheState().failed_handles.count(handle) == 0)
    return Real("SQLGetDiagRec", &SQLGetDiagRec)(type, handle, number, sqlstate, native,
                                                 text, capacity, length);
  if (number != 1) return SQL_NO_DATA;
  const std::string message = "injected into " + TheState().failed_function;
  std::snprintf(reinterpret_cast<char*>(sqlstate), SQL_SQLSTATE_SIZE + 1, "%s",
                TheState().sqlstate.c_str());
  if (native != nullptr) *native = 1;
  if (text != nullptr && capacity > 0)
    std::snprintf(reinterpret_cast<char*>(text), static_cast<size_t>(capacity), "%s",
                  message.c_str());
  if (length != nullptr) *length = static_cast<SQLSMALLINT>(message.size());
  return SQL_SUCCESS;
}

SQLRETURN SQLGetDiagField(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number,
                          SQLSMALLINT field, SQLPOINTER value, SQLSMALLINT capacity,
                          SQLSMALLINT* length) {
  if (TheState().failed_handles.count(handle) == 0)
    return Real("SQLGetDiagField", &SQLGetDiagField)(type, handle, number, field, value,
                                                     capacity, length);
  if (number > 1) return SQL_NO_DATA;
  if (field != SQL_DIAG_NUMBER) return SQL_ERROR;
  *static_cast<SQLINTEGER*>(value) = 1;
  return SQL_SUCCESS;
}

SQLRETURN SQLGetInfo(SQLHDBC handle, SQLUSMALLINT kind, SQLPOINTER value,
                     SQLSMALLINT capacity, SQLSMALLINT* length) {
  const std::string& name = TheState().dbms_name;
  return MayFail("SQLGetInfo", handle, [&] {
    if (kind != SQL_DBMS_NAME || name.empty()) {
      return Real("SQLGetInfo", &SQLGetInfo)(handle, kind, value, capacity, length);
    }
    std::snprintf(static_cast<char*>(value), static_cast<size_t>(capacity), "%s",
                  name.c_str());
    if (length != nullptr) *length = static_cast<SQLSMALLINT>(name.size());
    return SQLRETURN{SQL_SUCCESS};
  });
}

SQLRETURN SQLBindCol(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT type,
                     SQLPOINTER value, SQLLEN capacity, SQLLEN* indicator) {
  TheState().bound_columns[{handle, number}] = {HasLength(type), RoomIn(type, capacity),
                                                capacity, static_cast<char*>(value),
                                                indicator};
  return MayFail("SQLBindCol", handle, [&] {
    return Real("SQLBindCol", &SQLBindCol)(handle, number, type, value, capacity,
                                           indicator);
  });
}

SQLRETURN SQLFetch(SQLHSTMT handle) {
  return MayFail("SQLFetch", handle, [&] {
    const SQLRETURN outcome = Real("SQLFetch", &SQLFetch)(handle);
    return SQL_SUCCEEDED(outcome) ? SayOfRows(handle, outcome) : outcome;
  });
}

SQLRETURN SQLGetData(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT type,
                     SQLPOINTER value, SQLLEN capacity, SQLLEN* indicator) {
  return MayFail("SQLGetData", handle, [&] {
    const SQLRETURN outcome =
        Real("SQLGetData", &SQLGetData)(handle, number, type, value, capacity, indicator);
    if (SQL_SUCCEEDED(outcome) && HasLength(type)) {
      SayLength(TheState().lengths, {true, RoomIn(type, capacity), 0, nullptr, indicator},
                false);
    }
    return outcome;
  });
}

SQLRETURN SQLBindParameter(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT direction,
                           SQLSMALLINT c_type, SQLSMALLINT sql_type, SQLULEN size,
                           SQLSMALLINT digits, SQLPOINTER value, SQLLEN capacity,
                           SQLLEN* indicator) {
  TheState().parameters[{handle, number}] = {
      WidthOf(c_type, capacity), static_cast<char*>(value), indicator, c_type};
  return MayFail("SQLBindParameter", handle, [&] {
    return Real("SQLBindParameter", &SQLBindParameter)(handle, number, direction, c_type,
                                                       sql_type, size, digits, value,
                                                       capacity, indicator);
  });
}

SQLRETURN SQLExecute(SQLHSTMT handle) {
  return MayFail("SQLExecute", handle, [&] {
    if (LosesRow(handle)) return SQLRETURN{SQL_SUCCESS};
    const ChangedArray changed(TheState().arrays, ParametersOf(handle),
                               TheState().array_rows[handle]);
    return Real("SQLExecute", &SQLExecute)(handle);
  });
}

SQLRETURN SQLExecDirect(SQLHSTMT handle, SQLCHAR* text, SQLINTEGER length) {
  return MayFail("SQLExecDirect", handle, [&] {
    const ChangedBinaryArrays changed(TheState().arrays, ParametersOf(handle));
    std::string sql(reinterpret_cast<char*>(text),
                    length == SQL_NTS ? std::strlen(reinterpret_cast<char*>(text))
                                      : static_cast<size_t>(length));
    const bool is_insert = sql.starts_with("INSERT") && ParametersOf(handle).empty();
    if (is_insert && TheState().arrays == kInsertsCut) sql += " LIMIT 2";
    return Real("SQLExecDirect", &SQLExecDirect)(
        handle, reinterpret_cast<SQLCHAR*>(sql.data()), SQL_NTS);
  });
}

SQLRETURN SQLSetStmtAttr(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value,
                         SQLINTEGER length) {
  FetchedRows& fetched = TheState().fetched_rows[handle];
  if (attribute == SQL_ATTR_ROWS_FETCHED_PTR) {
    fetched.count = static_cast<SQLULEN*>(value);
  }
  if (attribute == SQL_ATTR_ROW_STATUS_PTR) {
    fetched.statuses = static_cast<SQLUSMALLINT*>(value);
  }
  if (attribute == SQL_ATTR_PARAMSET_SIZE) {
    const auto rows = reinterpret_cast<SQLULEN>(value);
    TheState().array_rows[handle] = rows;
    if (CutsArrays() && rows > 1) value = static_cast<char*>(value) - 1;
  }
  return MayFail("SQLSetStmtAttr", handle, [&] {
    return Real("SQLSetStmtAttr", &SQLSetStmtAttr)(handle, attribute, value, length);
  });
}

// Hands a call on whose first parameter is its handle.
#define AFT_MAY_FAIL(name, handle, parameters, ...)                                 \
  SQLRETURN name parameters {                                                       \
    return MayFail(#name, handle, [&] { return Real(#name, &name)(__VA_ARGS__); }); \
  }
#define AFT_HAND_ON(name, parameters, ...) \
  SQLRETURN name parameters { return Real(#name, &name)(__VA_ARGS__); }

AFT_HAND_ON(SQLSetEnvAttr,
            (SQLHENV handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length),
            handle, attribute, value, length)
AFT_HAND_ON(SQLDisconnect, (SQLHDBC handle), handle)
AFT_HAND_ON(SQLFreeStmt, (SQLHSTMT handle, SQLUSMALLINT option), handle, option)
AFT_HAND_ON(SQLGetTypeInfo, (SQLHSTMT handle, SQLSMALLINT type), handle, type)
AFT_HAND_ON(SQLCancel, (SQLHSTMT handle), handle)
AFT_HAND_ON(SQLGetConnectAttr,
            (SQLHDBC handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER capacity,
             SQLINTEGER* length),
            handle, attribute, value, capacity, length)

AFT_MAY_FAIL(SQLDriverConnect, handle,
             (SQLHDBC handle, SQLHWND window, SQLCHAR* input, SQLSMALLINT input_length,
              SQLCHAR* output, SQLSMALLINT capacity, SQLSMALLINT* length,
              SQLUSMALLINT completion),
             handle, window, input, input_length, output, capacity, length, completion)
AFT_MAY_FAIL(SQLSetConnectAttr, handle,
             (SQLHDBC handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length),
             handle, attribute, value, length)
AFT_MAY_FAIL(SQLPrepare, handle, (SQLHSTMT handle, SQLCHAR* text, SQLINTEGER length),
             handle, text, length)
AFT_MAY_FAIL(SQLSetPos, handle,
             (SQLHSTMT handle, SQLSETPOSIROW row, SQLUSMALLINT operation,
              SQLUSMALLINT lock),
             handle, row, operation, lock)
AFT_MAY_FAIL(SQLGetStmtAttr, handle,
             (SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value,
              SQLINTEGER capacity, SQLINTEGER* length),
             handle, attribute, value, capacity, length)
AFT_MAY_FAIL(SQLTables, handle,
             (SQLHSTMT handle, SQLCHAR* catalog, SQLSMALLINT catalog_length,
              SQLCHAR* schema, SQLSMALLINT schema_length, SQLCHAR* table,
              SQLSMALLINT table_length, SQLCHAR* type, SQLSMALLINT type_length),
             handle, catalog, catalog_length, schema, schema_length, table, table_length,
             type, type_length)
AFT_MAY_FAIL(SQLColAttribute, handle,
             (SQLHSTMT handle, SQLUSMALLINT number, SQLUSMALLINT field, SQLPOINTER text,
              SQLSMALLINT capacity, SQLSMALLINT* length, SQLLEN* value),
             handle, number, field, text, capacity, length, value)
AFT_MAY_FAIL(SQLNumResultCols, handle, (SQLHSTMT handle, SQLSMALLINT* count), handle,
             count)
AFT_MAY_FAIL(SQLDescribeCol, handle,
             (SQLHSTMT handle, SQLUSMALLINT number, SQLCHAR* name, SQLSMALLINT capacity,
              SQLSMALLINT* length, SQLSMALLINT* type, SQLULEN* size, SQLSMALLINT* digits,
              SQLSMALLINT* nullable),
             handle, number, name, capacity, length, type, size, digits, nullable)

SQLRETURN SQLRowCount(SQLHSTMT handle, SQLLEN* rows) {
  return MayFail("SQLRowCount", handle, [&] {
    if (TheState().lost_rows.count(handle) > 0) {
      *rows = 0;
      return SQLRETURN{SQL_SUCCESS};
    }
    const SQLRETURN outcome = Real("SQLRowCount", &SQLRowCount)(handle, rows);
    const bool is_cut = TheState().array_rows[handle] > 1;
    if (is_cut && TheState().arrays == kArraysCutSilently) ++*rows;
    return outcome;
  });
}
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
