// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/sqlite_statements.h"

#include "host_shim/error.h"

namespace aft {

// An attached database is what a schema is elsewhere.
SqlNames SqliteStatements::Names() {
  SqlNames names;
  names.folds_columns = true;
  return names;
}

std::vector<WriteStep> SqliteStatements::Swap(const Relation& staging,
                                              const Relation& target,
                                              RelationKind kind) const {
  std::vector<WriteStep> steps = WriteStatements::Swap(staging, target, kind);
  // Otherwise a rename (SQLite 3.26 and later) looks into every view, and fails at those
  // that read the table just dropped.
  steps.insert(steps.begin(), {"PRAGMA legacy_alter_table = ON", ""});
  steps.push_back({"PRAGMA legacy_alter_table = OFF", ""});
  return steps;
}

Relation SqliteStatements::MergeStaging(const Relation&, const std::string& name) const {
  return {"", "temp", name};
}

// Of a type, SQLite itself would keep the affinity alone.
std::vector<WriteStep> SqliteStatements::CreateLike(
    const Merge& merge, const std::vector<TableColumn>& new_columns) const {
  std::vector<TableColumn> columns = merge.key;
  columns.insert(columns.end(), merge.values.begin(), merge.values.end());
  columns.insert(columns.end(), new_columns.begin(), new_columns.end());
  return {{Create(merge.staging, columns, ""), ""}};
}

std::vector<WriteStep> SqliteStatements::PrepareMerge(const Merge& merge) const {
  Relation index = merge.staging;
  index.identifier += "_key";
  return {{Text("CREATE INDEX ", Name(index), " ON ",
                names().Quote(merge.staging.identifier), " (", List(merge.key), ")"),
           ""}};
}

// To look for each row of staging in the target takes long where the target has no index
// for it. SQLite makes one of its own for IN.
std::vector<WriteStep> SqliteStatements::InsertNew(const Merge& merge) const {
  return {{Text("DELETE FROM ", Name(merge.staging), " WHERE (", List(merge.key),
                ") IN (SELECT ", List(merge.key), " FROM ", Name(merge.target), ")"),
           ""},
          {Insert(merge), ""}};
}

}  // namespace aft
