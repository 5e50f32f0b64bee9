// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "plugin/warehouse/dialects/write_statements.h"

namespace aft {

/// PostgreSQL, where all statements of a write are one transaction.
class PostgresStatements final : public WriteStatements {
 public:
  explicit PostgresStatements(SqlNames names)
      : WriteStatements(std::move(names), /*has_transactional_ddl=*/true) {}

  [[nodiscard]] std::string CreateSchema(const Relation& relation) const override;
  [[nodiscard]] std::string DropLeftover(const Relation& left,
                                         RelationKind kind) const override;
  [[nodiscard]] std::vector<WriteStep> Clear(const Relation& target) const override;
  [[nodiscard]] Relation Temporary(const Relation& relation) const override;
  [[nodiscard]] std::vector<WriteStep> CreateLike(
      const Merge& merge, const std::vector<TableColumn>& new_columns) const override;
  [[nodiscard]] std::vector<WriteStep> PrepareMerge(const Merge& merge) const override;
  [[nodiscard]] std::string Update(const Merge& merge) const override {
    return UpdateFrom(merge);
  }
  [[nodiscard]] bool CountsFoundRows() const override { return true; }

 private:
  /// Keeps other writers waiting, and hidden rows from being left out.
  [[nodiscard]] std::vector<WriteStep> Lock(const Relation& target) const;
};

}  // namespace aft
