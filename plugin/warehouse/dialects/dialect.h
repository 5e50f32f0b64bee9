// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/dialects/column_type.h"
#include "plugin/warehouse/dialects/parameter_style.h"
#include "plugin/warehouse/dialects/read_plan.h"
#include "plugin/warehouse/dialects/table_column.h"
#include "plugin/warehouse/dialects/table_facts.h"
#include "plugin/warehouse/dialects/write_statements.h"
#include "plugin/warehouse/odbc/statement.h"
#include "plugin/warehouse/values/relation.h"
#include "plugin/warehouse/values/value_type.h"

namespace aft {

/// What differs between databases. Keeps to what ODBC itself lays down and asks the
/// driver for the rest.
class Dialect : public TableFacts {
 public:
  explicit Dialect(std::unique_ptr<const WriteStatements> statements);
  Dialect(const Dialect&) = delete;
  Dialect& operator=(const Dialect&) = delete;
  ~Dialect() override = default;

  /// What stands around the rows of a write.
  [[nodiscard]] const WriteStatements& statements() const { return *statements_; }
  [[nodiscard]] const SqlNames& names() const { return statements_->names(); }
  /// The identifier between the database's quotes. Refuses what no database takes.
  [[nodiscard]] std::string Quote(std::string_view identifier) const {
    return names().Quote(identifier);
  }
  /// The relation's full name in SQL.
  [[nodiscard]] std::string Name(const Relation& relation) const {
    return names().Name(relation);
  }

  /// The statement as the driver takes it without misreading it.
  [[nodiscard]] virtual std::string ForDriver(std::string_view sql) const;
  /// What the driver says of a query's columns; none for what gives no rows. Does not run
  /// the query.
  [[nodiscard]] virtual std::vector<odbc::ColumnDescription> DescribeQuery(
      Connection& connection, const Query& query, const std::string& doing) const;
  /// As DescribeQuery(), for a query with parameters, on whose types those of its columns
  /// may depend. Nothing where only the result of its run can be described.
  [[nodiscard]] virtual std::optional<std::vector<odbc::ColumnDescription>>
  DescribeWithParameters(Connection&, const Query&, const std::string& /*doing*/) const {
    return std::nullopt;
  }
  [[nodiscard]] virtual ReadPlan PlanRead(
      std::string_view sql, const std::vector<odbc::ColumnDescription>& columns) const;
  /// A query for one row of as many numbers as the plan has inferred columns: each the
  /// kinds of value in it, as bits of 1 << Kind.
  [[nodiscard]] virtual std::string KindsQuery(
      std::string_view sql, const std::vector<ReadColumnPlan>& columns) const;

  /// Whether the driver is known to count the rows that a statement changes. Another one
  /// may say 0 instead.
  [[nodiscard]] virtual bool knows_driver() const { return true; }
  /// The type of a new table's column for these values, or "" for none.
  [[nodiscard]] virtual std::string TypeName(const ValueType& type) const;
  [[nodiscard]] virtual ParameterStyle Parameters() const { return {}; }
  /// Where it takes several rows, asks the server first, once a connection, whether the
  /// driver hands them on as they are.
  [[nodiscard]] virtual InsertLimits Limits(Connection&,
                                            const Relation& /*target*/) const {
    return {};
  }
  /// Whether this connection takes columns as PostgreSQL's binary arrays. Asks the server
  /// once, outside of a transaction.
  [[nodiscard]] virtual bool TakesArrays(Connection&) const { return false; }
  /// Throws an Error where the database has changed a value of the last INSERT.
  virtual void CheckInserted(Connection&, const std::string& /*doing*/) const {}

  /// Runs a statement to its end. The number of rows that it changed, where it changes
  /// any and the driver knows.
  virtual std::optional<int64_t> Execute(Connection& connection, std::string_view sql,
                                         const std::string& doing) const;

  /// The statement that starts a transaction, or "" to leave it to ODBC.
  [[nodiscard]] virtual std::string BeginStatement() const { return ""; }
  [[nodiscard]] virtual bool HasSchema(Connection& connection, const Relation& relation,
                                       const std::string& doing) const;
  /// Sees to it that the relation's schema is there.
  virtual void EnsureSchema(Connection& connection, const Relation& relation,
                            const std::string& doing) const;
  /// The relation with the schema that a name without one means: that of the table which
  /// the database finds by it, or else the one where it would make a table. Refuses a
  /// name that may mean several.
  [[nodiscard]] virtual Relation Locate(Connection& connection, const Relation& relation,
                                        const std::string& doing) const;
  [[nodiscard]] virtual RelationKind Find(Connection& connection,
                                          const Relation& relation,
                                          const std::string& doing) const;
  [[nodiscard]] virtual std::vector<TableColumn> Columns(Connection& connection,
                                                         const Relation& relation,
                                                         const std::string& doing) const;
  /// What the running transaction can be asked for by when it is over; "" where the
  /// database tells nothing of that.
  [[nodiscard]] virtual std::string TransactionId(Connection& connection,
                                                  const std::string& doing) const;
  /// Whether the transaction was committed; nothing while it runs.
  [[nodiscard]] virtual std::optional<bool> HasCommitted(
      Connection& connection, const std::string& transaction_id) const;

 protected:
  /// Whether a query of the relation runs.
  [[nodiscard]] bool CanQuery(Connection& connection, const Relation& relation,
                              const std::string& doing) const;
  /// The first word of a statement without comments, in lower case.
  [[nodiscard]] static std::string FirstWord(std::string_view sql);

 private:
  std::unique_ptr<const WriteStatements> statements_;
};

}  // namespace aft
