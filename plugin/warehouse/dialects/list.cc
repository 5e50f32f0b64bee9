// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/list.h"

#include <string>

#include "host_shim/error.h"
#include "plugin/warehouse/dialects/duckdb_dialect.h"
#include "plugin/warehouse/dialects/generic_dialect.h"
#include "plugin/warehouse/dialects/mariadb_dialect.h"
#include "plugin/warehouse/dialects/postgres_dialect.h"
#include "plugin/warehouse/dialects/sqlite_dialect.h"

namespace aft {

std::unique_ptr<Dialect> MakeDialect(odbc::Connection& connection) {
  const std::string name = connection.InfoText(SQL_DBMS_NAME);
  if (name == "SQLite") {
    connection.set_advise(&SqliteDialect::Advise);
    // sqliteodbc frees what the other thread is busy with.
    connection.set_cancellable(false);
    return std::make_unique<SqliteDialect>();
  }
  if (name == "MariaDB" || name == "MySQL") {
    connection.set_advise(&MariadbDialect::Advise);
    connection.set_warnings_are_errors(true);
    return std::make_unique<MariadbDialect>(connection);
  }
  if (name == "PostgreSQL") return std::make_unique<PostgresDialect>(connection);
  return std::make_unique<GenericDialect>(connection);
}

std::unique_ptr<Dialect> MakeDialect(std::string_view dbms_name) {
  if (dbms_name == "DuckDB") return std::make_unique<DuckdbDialect>();
  throw Error(Text("cannot use a connection to '", dbms_name, "' without ODBC"));
}

}  // namespace aft
