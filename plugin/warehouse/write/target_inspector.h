// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/warehouse/arrow/arrow_column.h"
#include "plugin/warehouse/connection/connection.h"
#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/write/write_plan.h"

namespace aft {

/// Asks the database what the plan of a write has to know of the target.
class TargetInspector {
 public:
  /// `connection`, `dialect` and `request` have to outlive it.
  TargetInspector(Connection& connection, const Dialect& dialect,
                  const WriteRequest& request, std::string doing);

  /// `columns` are the frame's.
  [[nodiscard]] WriteTarget Inspect(const std::vector<ArrowColumn>& columns) const;

 private:
  /// What else than its columns and rows the table that is overwritten has.
  void AddBelongings(WriteTarget& target) const;
  /// Whether all columns of the frame are for the table's of their names.
  [[nodiscard]] bool AreFor(const std::vector<ArrowColumn>& columns,
                            const std::vector<TableColumn>& table_columns) const;
  /// Whether the table's columns have the types that were asked for.
  [[nodiscard]] bool HasTypes(const WriteTarget& target) const;

  Connection& connection_;
  const Dialect& dialect_;
  const WriteRequest& request_;
  std::string doing_;
};

}  // namespace aft
