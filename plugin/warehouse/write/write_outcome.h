// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/warehouse/connection/database_error.h"

namespace aft {

struct WriteOutcome {
  int64_t rows = 0;
  int64_t bytes = 0;
  /// How they went there, as RowSink::name().
  std::string_view sink;
  /// What the user should know, in lines.
  std::vector<std::string> notices;
  /// How many the database says it took of rows that go into the target itself; nothing
  /// where nobody tells.
  std::optional<int64_t> taken;
};

/// The answer to a commit did not come.
class CommitError : public DatabaseError {
 public:
  CommitError(const DatabaseError& error, std::string transaction_id,
              const WriteOutcome& outcome)
      : DatabaseError(error),
        transaction_id_(std::move(transaction_id)),
        outcome_(outcome) {}

  /// For Dialect::HasCommitted(); "" where the database can't tell.
  [[nodiscard]] const std::string& transaction_id() const { return transaction_id_; }
  /// What has been written if it was committed.
  [[nodiscard]] const WriteOutcome& outcome() const { return outcome_; }

 private:
  std::string transaction_id_;
  WriteOutcome outcome_;
};

}  // namespace aft
