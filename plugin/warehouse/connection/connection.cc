// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/connection/connection.h"

#include <utility>

#include "host_shim/error.h"

namespace aft {

odbc::Connection& Connection::odbc() {
  throw Error("the connection does not go over ODBC");
}

void Connection::Begin(const std::string& doing) {
  (void)Run("BEGIN TRANSACTION", doing, Stop::kOnCancel);
}

void Connection::End(bool commit, const std::string& doing) {
  (void)Run(commit ? "COMMIT" : "ROLLBACK", doing, Stop::kNever);
}

Statement::Statement(Connection& connection, std::string doing, Stop stop)
    : connection_(connection), doing_(std::move(doing)), stop_(stop) {}

void Statement::ExecuteDirect(std::string_view sql) {
  rows_ = connection_.Run(sql, doing_, stop_);
}

}  // namespace aft
