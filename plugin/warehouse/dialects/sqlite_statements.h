// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/warehouse/dialects/write_statements.h"

namespace aft {

/// SQLite, where all statements of a write are one transaction.
class SqliteStatements final : public WriteStatements {
 public:
  SqliteStatements() : WriteStatements(Names(), /*has_transactional_ddl=*/true) {}

  [[nodiscard]] std::vector<WriteStep> Swap(
      const Relation& staging, const Relation& target, RelationKind kind,
      const std::vector<std::string>& then) const override;
  [[nodiscard]] Relation Temporary(const Relation& relation) const override;
  [[nodiscard]] std::vector<WriteStep> CreateLike(
      const Merge& merge, const std::vector<TableColumn>& new_columns) const override;
  [[nodiscard]] std::vector<WriteStep> PrepareMerge(const Merge& merge) const override;
  [[nodiscard]] std::vector<WriteStep> InsertNew(const Merge& merge) const override;
  [[nodiscard]] std::vector<WriteStep> Clear(const Relation& target) const override;

 protected:
  [[nodiscard]] std::string KeyValue(const TableColumn& column,
                                     std::string_view prefix) const override;

 private:
  [[nodiscard]] std::string KeyValues(const Merge& merge) const;
  static SqlNames Names();
};

}  // namespace aft
