// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/postgres_statements.h"

#include "host_shim/error.h"

namespace aft {

// Whoever reads sees the old rows until the end. Rows that a policy hides would not be
// found; so the server refuses where there are such policies.
std::vector<WriteStep> PostgresStatements::Lock(const Relation& target) const {
  return {{"LOCK TABLE " + Name(target) + " IN SHARE ROW EXCLUSIVE MODE", ""},
          {"SET LOCAL row_security = off", ""}};
}

std::string PostgresStatements::DropLeftover(const Relation& left,
                                             RelationKind kind) const {
  std::string drop;
  for (const char c : Drop(left, kind)) drop += c == '\'' ? "''" : std::string(1, c);
  // Whoever reads it may read on for long.
  return Text("DO $aft$BEGIN PERFORM set_config('lock_timeout', '1ms', true); EXECUTE '",
              drop, "'; END$aft$");
}

std::vector<WriteStep> PostgresStatements::Clear(const Relation& target) const {
  std::vector<WriteStep> steps = Lock(target);
  steps.push_back({"DELETE FROM " + Name(target), ""});
  return steps;
}

Relation PostgresStatements::Temporary(const Relation& relation) const {
  return {"", "pg_temp", relation.identifier};
}

// A query would lock the target until the rows are there.
std::vector<WriteStep> PostgresStatements::CreateLike(
    const Merge& merge, const std::vector<TableColumn>& new_columns) const {
  return CreateByTypes(merge, new_columns);
}

// The server never looks into temporary tables by itself, and plans badly without.
std::vector<WriteStep> PostgresStatements::PrepareMerge(const Merge& merge) const {
  std::vector<WriteStep> steps = {{"ANALYZE " + Name(merge.staging), ""}};
  for (WriteStep& step : Lock(merge.target)) steps.push_back(std::move(step));
  return steps;
}

std::string PostgresStatements::CreateSchema(const Relation& relation) const {
  return "CREATE SCHEMA IF NOT EXISTS " +
         names().Part(relation.schema, relation.quote_schema);
}

}  // namespace aft
