// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/mariadb_statements.h"

#include <string>

#include "host_shim/error.h"

namespace aft {

SqlNames MariadbStatements::WithFoldedColumns(SqlNames names) {
  names.folds_columns = true;
  return names;
}

std::vector<WriteStep> MariadbStatements::Swap(const Relation& staging,
                                               const Relation& target,
                                               RelationKind kind) const {
  const std::string from = Name(staging);
  const std::string to = Name(target);
  if (kind == RelationKind::kMissing) return {{"RENAME TABLE " + from + " TO " + to, ""}};
  const Relation old_table = OldTable(staging, target);
  const std::string old = Name(old_table);
  return {{Text("RENAME TABLE ", to, " TO ", old, ", ", from, " TO ", to),
           Text("RENAME TABLE ", to, " TO ", from, ", ", old, " TO ", to)},
          {Drop(old_table, kind), ""}};
}

// Without the word, it would commit.
std::string MariadbStatements::DropStaging(const Relation& staging) const {
  return "DROP TEMPORARY TABLE " + Name(staging);
}

// To index a temporary table commits nothing. An index takes 3,072 bytes of a row, and of
// texts and bytes without a limit only as much as it is told to.
std::vector<WriteStep> MariadbStatements::PrepareMerge(const Merge& merge) const {
  constexpr std::string_view kCharacters = "(191)";
  std::string columns;
  for (const TableColumn& column : merge.key) {
    const std::string_view type = column.type_name;
    const bool is_long = type.find("text") != std::string_view::npos ||
                         type.find("blob") != std::string_view::npos;
    columns += Text(columns.empty() ? "" : ", ", names().Quote(column.name),
                    is_long ? kCharacters : "");
  }
  return {{Text("ALTER TABLE ", Name(merge.staging), " ADD INDEX (", columns, ")"), ""}};
}

std::string MariadbStatements::Update(const Merge& merge) const {
  std::string values;
  for (const TableColumn& column : merge.values) {
    const std::string name = names().Quote(column.name);
    values += Text(values.empty() ? "" : ", ", "aft_t.", name, " = aft_s.", name);
  }
  return Text("UPDATE ", Name(merge.target), " aft_t JOIN ", Name(merge.staging),
              " aft_s ON ", HasSameKey(merge, "aft_t", "aft_s"), " SET ", values);
}

std::string MariadbStatements::Delete(const Merge& merge) const {
  return Text("DELETE aft_t FROM ", Name(merge.target), " aft_t JOIN ",
              Name(merge.staging), " aft_s ON ", HasSameKey(merge, "aft_t", "aft_s"));
}

std::string MariadbStatements::CreateSchema(const Relation& relation) const {
  return "CREATE SCHEMA IF NOT EXISTS " +
         names().Part(relation.schema, relation.quote_schema);
}

// To look for each row of staging in the target takes long where the target has no index
// for it; staging has one.
std::vector<WriteStep> MariadbStatements::InsertNew(const Merge& merge) const {
  return {{Text("DELETE aft_s FROM ", Name(merge.target), " aft_t JOIN ",
                Name(merge.staging), " aft_s ON ", HasSameKey(merge, "aft_t", "aft_s")),
           ""},
          {Insert(merge), ""}};
}

}  // namespace aft
