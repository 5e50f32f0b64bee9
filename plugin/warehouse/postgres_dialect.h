// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/dialect.h"

namespace aft {

/// PostgreSQL through psqlodbc, which gives timestamps in the session's time zone and
/// without its name; so the session's is UTC.
class PostgresDialect final : public Dialect {
 public:
  /// Sets the session's time zone, and asks how long an identifier may be: the server
  /// cuts longer ones.
  explicit PostgresDialect(odbc::Connection& connection);

  [[nodiscard]] ReadPlan PlanRead(
      std::string_view sql,
      const std::vector<odbc::ColumnDescription>& columns) const override;
  [[nodiscard]] std::string TypeName(const ValueType& type) const override;
  [[nodiscard]] std::optional<Encoding> EncodingFor(
      const ValueType& type, const TableColumn& column) const override;
  [[nodiscard]] std::string TransactionId(odbc::Connection& connection,
                                          const std::string& doing) const override;
  [[nodiscard]] std::optional<bool> HasCommitted(
      odbc::Connection& connection, const std::string& transaction_id) const override;

 protected:
  [[nodiscard]] size_t LongestIdentifier() const override { return longest_identifier_; }

 private:
  size_t longest_identifier_ = 0;
};

}  // namespace aft
