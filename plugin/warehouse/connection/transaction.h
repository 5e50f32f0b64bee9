// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plugin/warehouse/connection/connection.h"

namespace aft {

/// A transaction that is rolled back unless it is committed.
class Transaction {
 public:
  /// `begin` is the statement that starts one, or "" to leave it to the connection.
  Transaction(Connection& connection, std::string begin, std::string doing);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  void Commit();

 private:
  void End(bool commit);

  Connection& connection_;
  std::string begin_;
  std::string doing_;
  bool is_open_ = false;
};

}  // namespace aft
