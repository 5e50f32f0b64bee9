// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plugin/warehouse/dialects/write_statements.h"

namespace aft {

/// MariaDB and MySQL. Making, renaming and dropping a table commits, but one statement
/// renames two tables at once, so that a target is never missing.
class MariadbStatements final : public WriteStatements {
 public:
  explicit MariadbStatements(SqlNames names)
      : WriteStatements(WithFoldedColumns(std::move(names)),
                        /*has_transactional_ddl=*/false) {}

  [[nodiscard]] std::string CreateSchema(const Relation& relation) const override;
  [[nodiscard]] std::vector<WriteStep> Swap(
      const Relation& staging, const Relation& target, RelationKind kind,
      const std::vector<std::string>& then) const override;
  [[nodiscard]] std::string CreateCopy(const Relation& relation,
                                       const Relation& other) const override {
    return "CREATE TABLE " + Name(relation) + " LIKE " + Name(other);
  }
  [[nodiscard]] std::vector<WriteStep> CreateLike(
      const Merge& merge, const std::vector<TableColumn>& new_columns) const override;
  [[nodiscard]] std::string DropStaging(const Merge& merge) const override;
  [[nodiscard]] std::vector<WriteStep> PrepareMerge(const Merge& merge) const override;
  [[nodiscard]] std::string Update(const Merge& merge) const override;
  [[nodiscard]] std::string Delete(const Merge& merge) const override;
  [[nodiscard]] std::vector<WriteStep> InsertNew(const Merge& merge) const override;

 private:
  static SqlNames WithFoldedColumns(SqlNames names);
};

}  // namespace aft
