// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/dialects/dialect.h"

namespace aft {

/// PostgreSQL through psqlodbc, which gives timestamps in the session's time zone and
/// without its name; so the session's is UTC.
class PostgresDialect final : public Dialect {
 public:
  /// Sets the session's time zone, and asks how long an identifier may be: the server
  /// cuts longer ones.
  explicit PostgresDialect(odbc::Connection& connection);

  [[nodiscard]] std::string ForDriver(std::string_view sql) const override;
  [[nodiscard]] std::vector<odbc::ColumnDescription> DescribeQuery(
      Connection& connection, const Query& query,
      const std::string& doing) const override;
  [[nodiscard]] std::optional<std::vector<odbc::ColumnDescription>>
  DescribeWithParameters(Connection& connection, const Query& query,
                         const std::string& doing) const override;
  [[nodiscard]] ReadPlan PlanRead(
      std::string_view sql,
      const std::vector<odbc::ColumnDescription>& columns) const override;
  [[nodiscard]] std::string TypeName(const ValueType& type) const override;
  [[nodiscard]] ParameterStyle Parameters() const override;
  [[nodiscard]] bool TakesArrays(Connection& connection) const override;
  [[nodiscard]] std::vector<TableColumn> Columns(Connection& connection,
                                                 const Relation& relation,
                                                 const std::string& doing) const override;
  [[nodiscard]] bool HasSchema(Connection& connection, const Relation& relation,
                               const std::string& doing) const override;
  [[nodiscard]] Relation Locate(Connection& connection, const Relation& relation,
                                const std::string& doing) const override;
  [[nodiscard]] RelationKind Find(Connection& connection, const Relation& relation,
                                  const std::string& doing) const override;
  [[nodiscard]] std::vector<DependentView> Views(Connection& connection,
                                                 const Relation& relation,
                                                 const std::string& doing) const override;
  [[nodiscard]] std::vector<Leftover> Leftovers(Connection& connection,
                                                const Relation& relation,
                                                const std::string& doing) const override;
  [[nodiscard]] bool HasBelongings(Connection& connection, const Relation& relation,
                                   const std::string& doing) const override;
  [[nodiscard]] std::vector<std::string> Belongings(
      Connection& connection, const Relation& relation,
      const std::string& doing) const override;
  [[nodiscard]] std::string RemovalBlocker(Connection& connection,
                                           const Relation& relation, Removal removal,
                                           const std::string& doing) const override;
  [[nodiscard]] bool SkipsRows(Connection& connection, const Relation& relation,
                               bool updates, const std::string& doing) const override;
  [[nodiscard]] bool MayMakeTemporary(Connection& connection, const Relation& relation,
                                      const std::string& doing) const override;
  [[nodiscard]] std::string TransactionId(Connection& connection,
                                          const std::string& doing) const override;
  [[nodiscard]] std::optional<bool> HasCommitted(
      Connection& connection, const std::string& transaction_id) const override;

 private:
  struct Session {
    SqlNames names;
    bool tells_numerics_apart = false;
  };

  static Session SetUp(odbc::Connection& connection);
  explicit PostgresDialect(Session session);
  /// True for a numeric without precision and scale.
  [[nodiscard]] bool IsUndeclared(const odbc::ColumnDescription& column) const;

  bool tells_numerics_apart_;
  mutable std::optional<bool> takes_arrays_;
};

}  // namespace aft
