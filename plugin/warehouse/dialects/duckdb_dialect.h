// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/warehouse/dialects/dialect.h"

namespace aft {

/// DuckDB, through its own Python module: dbt's, or one that a script's process loads.
class DuckdbDialect final : public Dialect {
 public:
  DuckdbDialect();

  [[nodiscard]] std::string TypeName(const ValueType& type) const override;
  [[nodiscard]] bool HasSchema(Connection& connection, const Relation& relation,
                               const std::string& doing) const override;
  void EnsureSchema(Connection& connection, const Relation& relation,
                    const std::string& doing) const override;
  [[nodiscard]] Relation Locate(Connection& connection, const Relation& relation,
                                const std::string& doing) const override;
  [[nodiscard]] RelationKind Find(Connection& connection, const Relation& relation,
                                  const std::string& doing) const override;
  [[nodiscard]] std::vector<TableColumn> Columns(Connection& connection,
                                                 const Relation& relation,
                                                 const std::string& doing) const override;
  [[nodiscard]] bool HasBelongings(Connection& connection, const Relation& relation,
                                   const std::string& doing) const override;
  [[nodiscard]] std::vector<std::string> Belongings(
      Connection& connection, const Relation& relation,
      const std::string& doing) const override;
};

}  // namespace aft
