// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/odbc/statement.h"

#include <algorithm>
#include <utility>

#include "plugin/warehouse/odbc/arguments.h"
#include "plugin/warehouse/odbc/library.h"

namespace aft::odbc {
namespace {

// The first piece of a value of unknown length, and a multiple of every character.
constexpr size_t kFirstPiece = 4096;

}  // namespace

Statement::Statement(Connection& connection, std::string doing, Stop stop)
    : connection_(connection), doing_(std::move(doing)), stop_(stop) {
  const auto lock = connection_.Lock();
  if (SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, connection.handle(), &handle_))) {
    return;
  }
  throw DatabaseError(doing_, "SQLAllocHandle",
                      ReadDiagnostics(SQL_HANDLE_DBC, connection.handle()), "");
}

Statement::~Statement() {
  const auto lock = connection_.Lock();
  SQLFreeHandle(SQL_HANDLE_STMT, handle_);
}

template <typename Function>
SQLRETURN Statement::Call(Function function) {
  if (stop_ == Stop::kNever || !connection_.is_cancellable()) return function();
  const Connection::Cancellable cancellable(connection_, handle_);
  return function();
}

void Statement::CheckRun(SQLRETURN outcome, std::string_view function) {
  // ODBC 3 says SQL_NO_DATA where a statement changed no row.
  if (outcome == SQL_NO_DATA) return;
  const bool has_failed =
      outcome == SQL_SUCCESS_WITH_INFO && connection_.warnings_are_errors();
  Check(has_failed ? SQLRETURN{SQL_ERROR} : outcome, function);
}

void Statement::Check(SQLRETURN outcome, std::string_view function) {
  if (SQL_SUCCEEDED(outcome)) return;
  const std::vector<Diagnostic> diagnostics = ReadDiagnostics(SQL_HANDLE_STMT, handle_);
  const Connection::Advise advise = connection_.advise();
  const bool has_advice = advise != nullptr && !diagnostics.empty();
  throw DatabaseError(doing_, function, diagnostics,
                      has_advice ? advise(diagnostics[0]) : "");
}

void Statement::Prepare(std::string_view sql) {
  const auto lock = connection_.Lock();
  Check(Call([&] {
          return SQLPrepare(handle_, Narrow(sql), static_cast<SQLINTEGER>(sql.size()));
        }),
        "SQLPrepare");
}

void Statement::Execute() {
  const auto lock = connection_.Lock();
  const SQLRETURN outcome = Call([&] { return SQLExecute(handle_); });
  CheckRun(outcome, "SQLExecute");
}

void Statement::ExecuteDirect(std::string_view sql) {
  const auto lock = connection_.Lock();
  const SQLRETURN outcome = Call([&] {
    return SQLExecDirect(handle_, Narrow(sql), static_cast<SQLINTEGER>(sql.size()));
  });
  CheckRun(outcome, "SQLExecDirect");
}

bool Statement::Fetch() {
  const auto lock = connection_.Lock();
  const SQLRETURN outcome = Call([&] { return SQLFetch(handle_); });
  if (outcome == SQL_NO_DATA) return false;
  Check(outcome, "SQLFetch");
  return true;
}

void Statement::BindColumn(SQLUSMALLINT number, SQLSMALLINT c_type, char* value,
                           SQLLEN capacity, SQLLEN* indicators) {
  const auto lock = connection_.Lock();
  Check(SQLBindCol(handle_, number, c_type, value, capacity, indicators), "SQLBindCol");
}

bool Statement::GetData(SQLUSMALLINT number, SQLSMALLINT c_type, std::string& bytes) {
  const auto lock = connection_.Lock();
  const size_t terminator = c_type == SQL_C_CHAR    ? 1
                            : c_type == SQL_C_WCHAR ? sizeof(SQLWCHAR)
                                                    : 0;
  bytes.resize(kFirstPiece);
  size_t length = 0;
  while (true) {
    const size_t room = bytes.size() - length - terminator;
    SQLLEN indicator = 0;
    const SQLRETURN outcome =
        SQLGetData(handle_, number, c_type, bytes.data() + length,
                   static_cast<SQLLEN>(room + terminator), &indicator);
    if (outcome == SQL_NO_DATA) break;
    Check(outcome, "SQLGetData");
    if (indicator == SQL_NULL_DATA) return false;
    if (indicator < 0 && indicator != SQL_NO_TOTAL) {
      throw Error(aft::Text("cannot ", doing_, ": the driver gives column ", number,
                            " a length of ", indicator));
    }
    if (outcome == SQL_SUCCESS && indicator == SQL_NO_TOTAL) {
      throw Error(aft::Text("cannot ", doing_,
                            ": the driver does not say how long column ", number, " is"));
    }
    const bool has_more =
        indicator == SQL_NO_TOTAL || static_cast<size_t>(indicator) > room;
    length += has_more ? room : static_cast<size_t>(indicator);
    // With a warning there may be more, whatever length the driver gives.
    if (!has_more && outcome == SQL_SUCCESS) break;
    const size_t rest = has_more && indicator != SQL_NO_TOTAL
                            ? static_cast<size_t>(indicator) - room
                            : std::max(length, kFirstPiece);
    bytes.resize(length + rest + terminator);
  }
  bytes.resize(length);
  return true;
}

std::optional<std::string> Statement::Text(SQLUSMALLINT number) {
  std::string text;
  if (!GetData(number, SQL_C_CHAR, text)) return std::nullopt;
  return text;
}

void Statement::Qualifiers(bool are_schemas) {
  const auto lock = connection_.Lock();
  const std::string catalogs = are_schemas ? "" : SQL_ALL_CATALOGS;
  const std::string schemas = are_schemas ? SQL_ALL_SCHEMAS : "";
  Check(SQLTables(handle_, Narrow(catalogs), SQL_NTS, Narrow(schemas), SQL_NTS,
                  Narrow(""), 0, Narrow(""), 0),
        "SQLTables");
}

void Statement::TypeInfo() {
  const auto lock = connection_.Lock();
  Check(SQLGetTypeInfo(handle_, SQL_ALL_TYPES), "SQLGetTypeInfo");
}

void Statement::SetRowsPerExecution(SQLULEN rows) {
  const auto lock = connection_.Lock();
  Check(SQLSetStmtAttr(handle_, SQL_ATTR_PARAMSET_SIZE, AsPointer(rows), 0),
        "SQLSetStmtAttr");
}

void Statement::BindParameter(SQLUSMALLINT number, const Parameter& parameter) {
  const auto lock = connection_.Lock();
  Check(SQLBindParameter(handle_, number, SQL_PARAM_INPUT, parameter.c_type,
                         parameter.sql_type, parameter.size, parameter.decimal_digits,
                         parameter.value, parameter.capacity, parameter.indicator),
        "SQLBindParameter");
}

std::optional<size_t> Statement::ParameterCount() {
  const auto lock = connection_.Lock();
  SQLSMALLINT count = 0;
  if (!SQL_SUCCEEDED(SQLNumParams(handle_, &count)) || count < 0) return std::nullopt;
  return static_cast<size_t>(count);
}

SQLULEN Statement::SetRowsPerFetch(SQLULEN rows) {
  const auto lock = connection_.Lock();
  const SQLRETURN set =
      SQLSetStmtAttr(handle_, SQL_ATTR_ROW_ARRAY_SIZE, AsPointer(rows), 0);
  fetches_several_ |= SQL_SUCCEEDED(set) && rows > 1;
  SQLULEN agreed = 1;
  const SQLRETURN asked =
      SQLGetStmtAttr(handle_, SQL_ATTR_ROW_ARRAY_SIZE, &agreed, sizeof agreed, nullptr);
  // More rows than the buffers have room for would be written behind them.
  if (fetches_several_) Check(asked, "SQLGetStmtAttr");
  return SQL_SUCCEEDED(asked) && agreed > 0 ? agreed : 1;
}

void Statement::SetRowsFetched(SQLULEN* rows_fetched, SQLUSMALLINT* statuses) {
  const auto lock = connection_.Lock();
  Check(SQLSetStmtAttr(handle_, SQL_ATTR_ROWS_FETCHED_PTR, rows_fetched, 0),
        "SQLSetStmtAttr");
  Check(SQLSetStmtAttr(handle_, SQL_ATTR_ROW_STATUS_PTR, statuses, 0), "SQLSetStmtAttr");
}

void Statement::MoveTo(SQLSETPOSIROW row) {
  const auto lock = connection_.Lock();
  Check(SQLSetPos(handle_, row, SQL_POSITION, SQL_LOCK_NO_CHANGE), "SQLSetPos");
}

std::vector<Diagnostic> Statement::Diagnostics() const {
  const auto lock = connection_.Lock();
  return ReadDiagnostics(SQL_HANDLE_STMT, handle_);
}

void Statement::Tables(const std::string& catalog, const std::string& schema,
                       const std::string& table) {
  const auto lock = connection_.Lock();
  // No pointer means any.
  const auto part = [](const std::string& name) {
    return name.empty() ? nullptr : Narrow(name);
  };
  Check(SQLTables(handle_, part(catalog), SQL_NTS, part(schema), SQL_NTS, Narrow(table),
                  SQL_NTS, nullptr, 0),
        "SQLTables");
}

SQLLEN Statement::Attribute(SQLUSMALLINT column, SQLUSMALLINT field) {
  SQLLEN value = 0;
  Check(SQLColAttribute(handle_, column, field, nullptr, 0, nullptr, &value),
        "SQLColAttribute");
  return value;
}

std::string Statement::AttributeText(SQLUSMALLINT column, SQLUSMALLINT field) {
  std::string text(kFirstPiece, '\0');
  SQLSMALLINT length = 0;
  Check(SQLColAttribute(handle_, column, field, text.data(),
                        static_cast<SQLSMALLINT>(text.size()), &length, nullptr),
        "SQLColAttribute");
  if (static_cast<size_t>(length) >= text.size()) {
    throw Error(aft::Text("cannot ", doing_, ": the name of column ", column,
                          " is longer than ", text.size() - 1, " bytes"));
  }
  return text.substr(0, text.find('\0'));
}

size_t Statement::ColumnCount() {
  SQLSMALLINT count = 0;
  Check(SQLNumResultCols(handle_, &count), "SQLNumResultCols");
  return static_cast<size_t>(std::max<int>(count, 0));
}

bool Statement::HasColumns() {
  const auto lock = connection_.Lock();
  return ColumnCount() > 0;
}

std::vector<ColumnDescription> Statement::Columns() {
  const auto lock = connection_.Lock();
  std::vector<ColumnDescription> columns(ColumnCount());
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto number = static_cast<SQLUSMALLINT>(i + 1);
    ColumnDescription& column = columns[i];
    column.name = AttributeText(number, SQL_DESC_NAME);
    column.label = AttributeText(number, SQL_DESC_LABEL);
    column.type_name = AttributeText(number, SQL_DESC_TYPE_NAME);
    SQLSMALLINT length = 0;
    SQLSMALLINT nullable = 0;
    Check(SQLDescribeCol(handle_, number, nullptr, 0, &length, &column.sql_type,
                         &column.size, &column.decimal_digits, &nullable),
          "SQLDescribeCol");
    column.is_unsigned = Attribute(number, SQL_DESC_UNSIGNED) == SQL_TRUE;
  }
  return columns;
}

int64_t Statement::RowCount() {
  const auto lock = connection_.Lock();
  SQLLEN rows = -1;
  if (!SQL_SUCCEEDED(SQLRowCount(handle_, &rows))) return -1;
  return rows;
}

}  // namespace aft::odbc
