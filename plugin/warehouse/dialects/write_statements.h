// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/dialects/sql_names.h"
#include "plugin/warehouse/dialects/table_column.h"
#include "plugin/warehouse/dialects/write_step.h"
#include "plugin/warehouse/values/relation.h"

namespace aft {

/// The statements around a write's rows, as a database has them. Asks nothing of a
/// server.
class WriteStatements {
 public:
  /// Without `has_transactional_ddl`, each statement that makes or drops a table commits.
  WriteStatements(SqlNames names, bool has_transactional_ddl);
  WriteStatements(const WriteStatements&) = delete;
  WriteStatements& operator=(const WriteStatements&) = delete;
  virtual ~WriteStatements() = default;

  [[nodiscard]] const SqlNames& names() const { return names_; }
  [[nodiscard]] bool has_transactional_ddl() const { return has_transactional_ddl_; }

  [[nodiscard]] virtual std::string CreateSchema(const Relation& relation) const;
  /// `options` is what the definition ends with.
  [[nodiscard]] std::string Create(const Relation& relation,
                                   const std::vector<TableColumn>& columns,
                                   std::string_view options) const;
  /// Make a table with all that belongs to the other one but its rows and foreign keys,
  /// where the database has copyable ones.
  [[nodiscard]] virtual std::string CreateCopy(const Relation& /*relation*/,
                                               const Relation& /*other*/) const {
    return "";
  }
  [[nodiscard]] std::string Drop(const Relation& relation, RelationKind kind) const;
  /// Drop what another write has left, without waiting for those who still read it.
  [[nodiscard]] virtual std::string DropLeftover(const Relation& left,
                                                 RelationKind kind) const;
  /// Put `staging` in the place of `target`, which is of `kind`. `then` runs before what
  /// can't be taken back.
  [[nodiscard]] virtual std::vector<WriteStep> Swap(
      const Relation& staging, const Relation& target, RelationKind kind,
      const std::vector<std::string>& then) const;
  /// The same, but the old table stays, under another name, with the views on it.
  [[nodiscard]] std::vector<WriteStep> SetAside(const Relation& staging,
                                                const Relation& target) const;
  /// Remove the rows for the transaction that puts others in their place.
  [[nodiscard]] virtual std::vector<WriteStep> Clear(const Relation& target) const;

  [[nodiscard]] WriteStep AddColumn(const Relation& target,
                                    const TableColumn& column) const;
  [[nodiscard]] std::string DropColumn(const Relation& target,
                                       const TableColumn& column) const;

  /// A table of that name which is the session's own.
  [[nodiscard]] virtual Relation Temporary(const Relation& relation) const {
    return relation;
  }
  /// Make that table: columns like those of the target, and new ones.
  [[nodiscard]] virtual std::vector<WriteStep> CreateLike(
      const Merge& merge, const std::vector<TableColumn>& new_columns) const;
  [[nodiscard]] virtual std::string DropStaging(const Merge& merge) const;
  /// What lets rows be found by their key quickly, and keeps other writers waiting.
  [[nodiscard]] virtual std::vector<WriteStep> PrepareMerge(const Merge& merge) const;
  /// Give the target's rows the values of those with the same key.
  [[nodiscard]] virtual std::string Update(const Merge& merge) const;
  /// Delete the target's rows whose key is in staging.
  [[nodiscard]] virtual std::string Delete(const Merge& merge) const;
  /// Insert the rows of staging.
  [[nodiscard]] std::string Insert(const Merge& merge) const;
  /// Whether an UPDATE counts the rows that it finds, also those that it leaves as they
  /// are.
  [[nodiscard]] virtual bool CountsFoundRows() const { return false; }
  /// Insert those alone whose key the target doesn't have.
  [[nodiscard]] virtual std::vector<WriteStep> InsertNew(const Merge& merge) const;

 protected:
  /// As Update(), where the database joins staging in an UPDATE.
  [[nodiscard]] std::string UpdateFrom(const Merge& merge) const;
  /// As CreateLike(), without a look at the target.
  [[nodiscard]] std::vector<WriteStep> CreateByTypes(
      const Merge& merge, const std::vector<TableColumn>& new_columns) const;
  /// Columns between commas, each behind the prefix.
  [[nodiscard]] std::string List(const std::vector<TableColumn>& columns,
                                 std::string_view prefix = "") const;
  /// What a column of the key is compared by.
  [[nodiscard]] virtual std::string KeyValue(const TableColumn& column,
                                             std::string_view prefix) const;
  /// What a merge calls the staging table: a name that no table of others has.
  [[nodiscard]] static std::string Alias(const Relation& staging);
  [[nodiscard]] std::string HasSameKey(const Merge& merge, std::string_view target,
                                       std::string_view staging) const;
  [[nodiscard]] std::string Name(const Relation& relation) const {
    return names_.Name(relation);
  }
  /// What a table is called while it makes way for `staging`.
  [[nodiscard]] static Relation OldTable(const Relation& staging, const Relation& target);

 private:
  [[nodiscard]] WriteStep Rename(const Relation& from, const Relation& to) const;

  SqlNames names_;
  bool has_transactional_ddl_;
};

}  // namespace aft
