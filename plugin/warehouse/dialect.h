// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/odbc_statement.h"
#include "plugin/warehouse/read_column.h"
#include "plugin/warehouse/relation.h"
#include "plugin/warehouse/value_type.h"
#include "plugin/warehouse/write_column.h"

namespace aft {

/// How a query is put to the driver and what its columns are read as.
struct ReadPlan {
  std::string sql;
  std::vector<ReadColumnPlan> columns;
  /// The largest cell that is fetched into a bound buffer; longer ones take a call each.
  size_t bound_bytes = 1024;
};

/// A column of a table as it is declared.
struct TableColumn {
  std::string name;
  std::string type_name;
  /// Digits that it keeps of times and timestamps, behind the second's point.
  int second_digits = 9;
};

/// A statement of those that put a table in another's place, and the one that takes it
/// back where no rollback does; "" where that isn't needed or can't be.
struct SwapStep {
  std::string statement;
  std::string undo;
};

/// What an execution of an INSERT takes at most.
struct InsertLimits {
  int64_t rows = 1;
  /// Of all its values; 0 where the database has no such limit.
  size_t bytes = 0;
};

/// What differs between databases. Keeps to what ODBC itself lays down and asks the
/// driver for the rest.
class Dialect {
 public:
  explicit Dialect(const odbc::Connection& connection);
  Dialect(const Dialect&) = delete;
  Dialect& operator=(const Dialect&) = delete;
  virtual ~Dialect() = default;

  /// The identifier between the database's quotes. Refuses what no database takes.
  [[nodiscard]] std::string Quote(std::string_view identifier) const;
  /// The relation's full name in SQL.
  [[nodiscard]] virtual std::string Name(const Relation& relation) const;
  /// True where the database takes the two for one column of a table.
  [[nodiscard]] virtual bool IsSameColumn(std::string_view one,
                                          std::string_view other) const;

  /// The statement as the driver takes it without misreading it.
  [[nodiscard]] virtual std::string ForDriver(std::string_view sql) const;
  /// What the driver says of a query's columns; none for what gives no rows.
  [[nodiscard]] virtual std::vector<odbc::ColumnDescription> DescribeQuery(
      odbc::Connection& connection, const std::string& sql,
      const std::string& doing) const;
  [[nodiscard]] virtual ReadPlan PlanRead(
      std::string_view sql, const std::vector<odbc::ColumnDescription>& columns) const;
  /// A query for one row of as many numbers as the plan has inferred columns: each the
  /// kinds of value in it, as bits of 1 << Kind.
  [[nodiscard]] virtual std::string KindsQuery(
      std::string_view sql, const std::vector<ReadColumnPlan>& columns) const;

  /// The type of a new table's column for these values, or "" for none.
  [[nodiscard]] virtual std::string TypeName(const ValueType& type) const;
  /// How these values go into that column; nothing where they would change in it.
  [[nodiscard]] virtual std::optional<Encoding> EncodingFor(
      const ValueType& type, const TableColumn& column) const;
  [[nodiscard]] virtual InsertLimits Limits() const { return {}; }
  /// Throws an Error where the database has changed a value of the last INSERT.
  virtual void CheckInserted(odbc::Connection&, const std::string& /*doing*/) const {}

  /// Runs a statement to its end. The number of rows that it changed, where it changes
  /// any and the driver knows.
  virtual std::optional<int64_t> Execute(odbc::Connection& connection,
                                         std::string_view sql,
                                         const std::string& doing) const;

  /// The statement that starts a transaction, or "" to leave it to ODBC.
  [[nodiscard]] virtual std::string BeginStatement() const { return ""; }
  /// False where each statement that makes or drops a table commits.
  [[nodiscard]] virtual bool HasTransactionalDdl() const;
  /// Sees to it that the relation's schema is there.
  virtual void EnsureSchema(odbc::Connection& connection, const Relation& relation,
                            const std::string& doing) const;
  [[nodiscard]] virtual RelationKind Find(odbc::Connection& connection,
                                          const Relation& relation,
                                          const std::string& doing) const;
  /// Refuses a table to which an append could be left half done.
  virtual void CheckAppend(odbc::Connection&, const Relation&,
                           const std::string& /*doing*/) const {}
  /// What a new table's definition ends with.
  [[nodiscard]] virtual std::string TableOptions(odbc::Connection&, const Relation&,
                                                 const std::string& /*doing*/) const {
    return "";
  }
  /// Marks the staging table of that name as in use while the connection lasts, and
  /// removes those in its schema that nobody uses any more, where no rollback does that.
  virtual void ReserveStaging(odbc::Connection&, const Relation& /*staging*/,
                              const std::string& /*doing*/) const {}
  virtual void ReleaseStaging(odbc::Connection&, const Relation& /*staging*/) const {}
  [[nodiscard]] virtual std::vector<TableColumn> Columns(odbc::Connection& connection,
                                                         const Relation& relation,
                                                         const std::string& doing) const;
  /// What the running transaction can be asked for by when it is over; "" where the
  /// database tells nothing of that.
  [[nodiscard]] virtual std::string TransactionId(odbc::Connection& connection,
                                                  const std::string& doing) const;
  /// Whether the transaction was committed; nothing while it runs.
  [[nodiscard]] virtual std::optional<bool> HasCommitted(
      odbc::Connection& connection, const std::string& transaction_id) const;
  /// Puts `staging` in the place of `target`, which is of `kind`.
  [[nodiscard]] virtual std::vector<SwapStep> SwapSteps(const Relation& staging,
                                                        const Relation& target,
                                                        RelationKind kind) const;

 protected:
  /// What a table is called while it makes way for `staging`.
  [[nodiscard]] static Relation OldTable(const Relation& staging, const Relation& target);
  /// The first word of a statement without comments, in lower case.
  [[nodiscard]] static std::string FirstWord(std::string_view sql);
  /// The longest identifier that the database keeps whole, in bytes; 0 where it refuses
  /// longer ones by itself.
  [[nodiscard]] virtual size_t LongestIdentifier() const { return 0; }
  /// The part, quoted or bare.
  [[nodiscard]] std::string Part(std::string_view name, bool is_quoted) const;

 private:
  void CheckLength(std::string_view identifier) const;
  /// The part of a relation's name that stands for ODBC's catalog, or for its schema.
  [[nodiscard]] std::string Catalog(const Relation& relation) const;
  [[nodiscard]] std::string Schema(const Relation& relation) const;
  [[nodiscard]] SwapStep Rename(const Relation& from, const Relation& to) const;

  std::string quote_;
  std::string catalog_separator_;
  bool has_schemas_;
  bool has_catalogs_;
  bool has_transactional_ddl_;
};

/// The dialect of the database behind the connection.
std::unique_ptr<Dialect> MakeDialect(odbc::Connection& connection);

}  // namespace aft
