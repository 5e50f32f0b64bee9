// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/connection/transaction.h"

#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/connection/connection.h"

namespace aft {

Transaction::Transaction(Connection& connection, std::string begin, std::string doing)
    : connection_(connection), begin_(std::move(begin)), doing_(std::move(doing)) {
  if (begin_.empty()) {
    connection_.Begin(doing_);
  } else {
    Statement(connection_, doing_).ExecuteDirect(begin_);
  }
  is_open_ = true;
}

Transaction::~Transaction() {
  if (!is_open_) return;
  // A rollback fails where the database has rolled back by itself or the
  // connection is gone, which undoes as much.
  try {
    End(false);
  } catch (const Error&) {
    return;
  }
}

void Transaction::Commit() {
  End(true);
  is_open_ = false;
}

void Transaction::End(bool commit) {
  if (!begin_.empty()) {
    Statement statement(connection_, doing_, Stop::kNever);
    statement.ExecuteDirect(commit ? "COMMIT" : "ROLLBACK");
    return;
  }
  connection_.End(commit, doing_);
}

}  // namespace aft
