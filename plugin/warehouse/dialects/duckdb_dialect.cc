// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/duckdb_dialect.h"

#include "plugin/warehouse/dialects/duckdb_statements.h"
#include "plugin/warehouse/dialects/duckdb_type.h"

namespace aft {

DuckdbDialect::DuckdbDialect() : Dialect(std::make_unique<DuckdbStatements>()) {}

std::string DuckdbDialect::TypeName(const ValueType& type) const {
  return DuckdbTypeName(type);
}

void DuckdbDialect::EnsureSchema(Connection& connection, const Relation& relation,
                                 const std::string& doing) const {
  if (HasSchema(connection, relation, doing)) return;
  Execute(connection, statements().CreateSchema(relation), doing);
}

}  // namespace aft
