/* SPDX-License-Identifier: Apache-2.0 */
/* The least that reading by ODBC costs: fetches the rows of a query into bound column
   arrays and looks at none of them. Takes a connection string and a query for the columns
   of frame_data.py. Follows the protocol of one_pass.py. */
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 1000, COLUMNS = 8, WIDEST = 256 };

static void check(SQLRETURN outcome, SQLSMALLINT kind, SQLHANDLE handle) {
  SQLCHAR state[6] = "";
  SQLCHAR text[512] = "";
  if (SQL_SUCCEEDED(outcome)) return;
  SQLGetDiagRec(kind, handle, 1, state, NULL, text, sizeof text, NULL);
  fprintf(stderr, "%s %s\n", state, text);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char** arguments) {
  static const struct {
    SQLSMALLINT c_type;
    SQLLEN width;
  } columns[COLUMNS] = {
      {SQL_C_SBIGINT, sizeof(SQLBIGINT)},
      {SQL_C_SLONG, sizeof(SQLINTEGER)},
      {SQL_C_DOUBLE, sizeof(SQLDOUBLE)},
      {SQL_C_CHAR, 16},
      {SQL_C_CHAR, WIDEST},
      {SQL_C_TYPE_DATE, sizeof(SQL_DATE_STRUCT)},
      {SQL_C_TYPE_TIMESTAMP, sizeof(SQL_TIMESTAMP_STRUCT)},
      {SQL_C_BIT, sizeof(SQLCHAR)},
  };
  static char values[COLUMNS][ROWS * WIDEST];
  static SQLLEN lengths[COLUMNS][ROWS];
  SQLHENV environment;
  SQLHDBC connection;
  SQLHSTMT statement;
  SQLULEN fetched = 0;
  long long rows = 0;
  double began;
  SQLRETURN outcome;
  if (count != 3) return 2;
  SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
  SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
  SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
  check(SQLDriverConnect(connection, NULL, (SQLCHAR*)arguments[1], SQL_NTS, NULL, 0, NULL,
                         SQL_DRIVER_NOPROMPT),
        SQL_HANDLE_DBC, connection);
  SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);
  SQLSetStmtAttr(statement, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)(size_t)ROWS, 0);
  SQLSetStmtAttr(statement, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0);
  printf("ready\n");
  fflush(stdout);
  if (getchar() == EOF) return 1;
  began = now();
  check(SQLExecDirect(statement, (SQLCHAR*)arguments[2], SQL_NTS), SQL_HANDLE_STMT,
        statement);
  for (SQLUSMALLINT i = 0; i < COLUMNS; ++i) {
    check(SQLBindCol(statement, (SQLUSMALLINT)(i + 1), columns[i].c_type, values[i],
                     columns[i].width, lengths[i]),
          SQL_HANDLE_STMT, statement);
  }
  while ((outcome = SQLFetch(statement)) != SQL_NO_DATA) {
    check(outcome, SQL_HANDLE_STMT, statement);
    rows += (long long)fetched;
  }
  printf("{\"seconds\": %.6f, \"rows\": %lld}\n", now() - began, rows);
  return 0;
}
