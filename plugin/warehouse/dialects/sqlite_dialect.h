// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/dialects/dialect.h"

namespace aft {

/// SQLite through sqliteodbc.
///
/// SQLite types values and not columns, and sqliteodbc 0.9998 hands every value over as
/// text: doubles cut to 15 digits, texts cut at a NUL, bytes as X'…' that looks like a
/// text, and what isn't the number that its column promised as NULL. So queries are
/// wrapped into one that tells of each value what it is and writes it out in full, and
/// nothing of that is lost.
class SqliteDialect final : public Dialect {
 public:
  SqliteDialect();

  /// Advice on the errors that SQLite's result codes stand for.
  static std::string_view Advise(const Diagnostic& diagnostic);

  [[nodiscard]] std::string ForDriver(std::string_view sql) const override;
  /// Each value says its own type, which no parameter changes.
  [[nodiscard]] std::optional<std::vector<odbc::ColumnDescription>>
  DescribeWithParameters(Connection& connection, const Query& query,
                         const std::string& doing) const override {
    return DescribeQuery(connection, query, doing);
  }
  [[nodiscard]] std::vector<odbc::ColumnDescription> DescribeQuery(
      Connection& connection, const Query& query,
      const std::string& doing) const override;
  [[nodiscard]] ReadPlan PlanRead(
      std::string_view sql,
      const std::vector<odbc::ColumnDescription>& columns) const override;
  [[nodiscard]] std::string KindsQuery(
      std::string_view sql, const std::vector<ReadColumnPlan>& columns) const override;
  std::optional<int64_t> Execute(Connection& connection, std::string_view sql,
                                 const std::string& doing) const override;
  [[nodiscard]] std::string TypeName(const ValueType& type) const override;
  [[nodiscard]] ParameterStyle Parameters() const override;
  [[nodiscard]] std::string BeginStatement() const override;
  [[nodiscard]] bool HasSchema(Connection& connection, const Relation& relation,
                               const std::string& doing) const override;
  void EnsureSchema(Connection& connection, const Relation& relation,
                    const std::string& doing) const override;
  [[nodiscard]] RelationKind Find(Connection& connection, const Relation& relation,
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
  [[nodiscard]] std::vector<TableColumn> Columns(Connection& connection,
                                                 const Relation& relation,
                                                 const std::string& doing) const override;
  [[nodiscard]] bool SkipsRows(Connection& connection, const Relation& relation,
                               bool updates, const std::string& doing) const override;
  [[nodiscard]] std::optional<int64_t> InsertCounter(
      Connection& connection, const Relation& relation,
      const std::string& doing) const override;
  [[nodiscard]] bool MayMakeTemporary(Connection&, const Relation&,
                                      const std::string& /*doing*/) const override {
    return true;
  }

 private:
  /// A condition: the table has triggers.
  [[nodiscard]] std::string HasTriggers(const Relation& relation) const;
  /// A condition on the table's definition.
  [[nodiscard]] std::string IsDefined(const Relation& relation,
                                      std::string_view pattern) const;
  /// What says in words that a table refers to this one by a foreign key that is heeded
  /// and of which the condition holds, or "".
  [[nodiscard]] std::string Referrer(Connection& connection, const Relation& relation,
                                     std::string_view which,
                                     const std::string& doing) const;
  /// Those of the table's columns; none where all compare bytes.
  [[nodiscard]] std::vector<std::string> Collations(Connection& connection,
                                                    const Relation& relation,
                                                    const std::string& doing) const;
  /// Those of an index of these columns on a table of that definition; none where
  /// the connection does not know all that it names.
  [[nodiscard]] std::vector<std::string> IndexedCollations(
      Connection& connection, std::string_view definition, const std::string& names,
      const std::string& doing) const;
};

}  // namespace aft
