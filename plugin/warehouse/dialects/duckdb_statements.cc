// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/duckdb_statements.h"

#include "host_shim/error.h"

namespace aft {
namespace {

SqlNames Names() {
  SqlNames names;
  names.has_catalogs = true;
  names.folds_columns = true;
  return names;
}

}  // namespace

DuckdbStatements::DuckdbStatements()
    : WriteStatements(Names(), /*has_transactional_ddl=*/true) {}

std::string DuckdbStatements::CreateSchema(const Relation& relation) const {
  const std::string database =
      relation.database.empty()
          ? ""
          : names().Part(relation.database, relation.quote_database) + ".";
  return Text("CREATE SCHEMA IF NOT EXISTS ", database,
              names().Part(relation.schema, relation.quote_schema));
}

}  // namespace aft
