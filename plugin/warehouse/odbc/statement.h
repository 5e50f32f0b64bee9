// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/odbc/connection.h"

namespace aft::odbc {

/// A column of a result as the driver describes it.
struct ColumnDescription {
  std::string name;
  std::string label;
  std::string type_name;
  SQLSMALLINT sql_type = SQL_UNKNOWN_TYPE;
  SQLULEN size = 0;
  SQLSMALLINT decimal_digits = 0;
  bool is_unsigned = false;
  /// Of PostgreSQL's arrays: the type of their elements; drivers do not say it.
  std::string element{};  // NOLINT(readability-redundant-member-init)
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
class Statement final : public Rows {
 public:
  Statement(Connection& connection, std::string doing, Stop stop = Stop::kOnCancel);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() override;

  void Prepare(std::string_view sql);
  void Execute();
  void ExecuteDirect(std::string_view sql);
  /// The next row or rows into the bound columns; false behind the last one.
  [[nodiscard]] bool Fetch() override;
  void BindColumn(SQLUSMALLINT number, SQLSMALLINT c_type, char* value, SQLLEN capacity,
                  SQLLEN* indicators);
  void BindParameter(SQLUSMALLINT number, const Parameter& parameter);
  /// How many parameter marks the prepared statement has, where the driver can tell.
  [[nodiscard]] std::optional<size_t> ParameterCount();
  /// Asks for `rows` rows a fetch; gives how many the driver agrees to.
  SQLULEN SetRowsPerFetch(SQLULEN rows);
  /// Where a fetch says how many rows it gave, and what became of each.
  void SetRowsFetched(SQLULEN* rows_fetched, SQLUSMALLINT* statuses);
  /// Makes a row of those fetched, from 1, the one that GetData() reads.
  void MoveTo(SQLSETPOSIROW row);
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
  [[nodiscard]] std::optional<std::string> Text(SQLUSMALLINT number) override;
  /// The whole value of a column of the row fetched, however long; false for NULL.
  bool GetData(SQLUSMALLINT number, SQLSMALLINT c_type, std::string& bytes);

  [[nodiscard]] bool HasColumns() override;
  [[nodiscard]] std::vector<ColumnDescription> Columns();
  /// -1 where the driver doesn't know.
  [[nodiscard]] int64_t RowCount() override;
  [[nodiscard]] const std::string& doing() const { return doing_; }
  /// What the driver says of the last call.
  [[nodiscard]] std::vector<Diagnostic> Diagnostics() const;

 private:
  [[nodiscard]] size_t ColumnCount();
  void Check(SQLRETURN outcome, std::string_view function);
  /// Of a statement that the server ran.
  void CheckRun(SQLRETURN outcome, std::string_view function);
  [[nodiscard]] SQLLEN Attribute(SQLUSMALLINT column, SQLUSMALLINT field);
  [[nodiscard]] std::string AttributeText(SQLUSMALLINT column, SQLUSMALLINT field);

  /// Calls one of ODBC's functions that may take long.
  template <typename Function>
  SQLRETURN Call(Function function);

  SQLHSTMT handle_ = SQL_NULL_HSTMT;
  bool fetches_several_ = false;
  Connection& connection_;
  std::string doing_;
  Stop stop_;
};

}  // namespace aft::odbc
