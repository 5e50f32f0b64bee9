// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/sqlite_statements.h"

#include "host_shim/error.h"

namespace aft {
namespace {

// The rows that others refer to may be back before the transaction ends.
WriteStep CheckReferencesLast() { return {"PRAGMA defer_foreign_keys = ON", ""}; }

/// A moment's text as it is always spelled: with a space, seconds and in UTC, and with a
/// fraction without zeros at its end, of which SQLite's functions keep too little.
std::string CanonicalMoment(std::string_view function, const std::string& text) {
  const std::string point = Text("instr(", text, ",'.')");
  const std::string zone = Text("ltrim(substr(", text, ",", point, "+1),'0123456789')");
  const std::string fraction = Text("substr(", text, ",", point, ",length(", text,
                                    ")-length(", zone, ")-", point, "+1)");
  return Text("CASE WHEN typeof(", text, ")<>'text' THEN ", text, " WHEN ", point,
              "=0 THEN coalesce(", function, "(", text, "),", text, ") ELSE coalesce(",
              function, "(substr(", text, ",1,", point, "-1)||", zone, ")||rtrim(rtrim(",
              fraction, ",'0'),'.'),", text, ") END");
}

}  // namespace

// An attached database is what a schema is elsewhere.
SqlNames SqliteStatements::Names() {
  SqlNames names;
  names.folds_columns = true;
  return names;
}

std::vector<WriteStep> SqliteStatements::Swap(
    const Relation& staging, const Relation& target, RelationKind kind,
    const std::vector<std::string>& then) const {
  std::vector<WriteStep> steps = WriteStatements::Swap(staging, target, kind, then);
  // Otherwise a rename (SQLite 3.26 and later) looks into every view, and fails at those
  // that read the table just dropped.
  steps.insert(steps.begin(), {"PRAGMA legacy_alter_table = ON", ""});
  steps.push_back({"PRAGMA legacy_alter_table = OFF", ""});
  return steps;
}

Relation SqliteStatements::Temporary(const Relation& relation) const {
  return {"", "temp", relation.identifier};
}

// Of a type, SQLite itself would keep the affinity alone, and no collation.
std::vector<WriteStep> SqliteStatements::CreateLike(
    const Merge& merge, const std::vector<TableColumn>& new_columns) const {
  return CreateByTypes(merge, new_columns);
}

std::vector<WriteStep> SqliteStatements::PrepareMerge(const Merge& merge) const {
  Relation index = merge.staging;
  index.identifier += "_key";
  return {{Text("CREATE INDEX ", Name(index), " ON ",
                names().Quote(merge.staging.identifier), " (", KeyValues(merge), ")"),
           ""},
          CheckReferencesLast()};
}

// To look for each row of staging in the target takes long where the target has no index
// for it. SQLite makes one of its own for IN.
std::vector<WriteStep> SqliteStatements::InsertNew(const Merge& merge) const {
  return {{Text("DELETE FROM ", Name(merge.staging), " WHERE (", KeyValues(merge),
                ") IN (SELECT ", KeyValues(merge), " FROM ", Name(merge.target), ")"),
           "", /*is_atomic=*/false, /*places_rows=*/true},
          {Insert(merge), "", /*is_atomic=*/false, /*places_rows=*/true}};
}

std::vector<WriteStep> SqliteStatements::Clear(const Relation& target) const {
  std::vector<WriteStep> steps = WriteStatements::Clear(target);
  steps.insert(steps.begin(), CheckReferencesLast());
  return steps;
}

// SQLite compares moments as texts, of which there are many for one moment.
std::string SqliteStatements::KeyValue(const TableColumn& column,
                                       std::string_view prefix) const {
  std::string value = WriteStatements::KeyValue(column, prefix);
  const ColumnKind kind = column.type.kind;
  if (kind != ColumnKind::kTimestamp && kind != ColumnKind::kTime) return value;
  return CanonicalMoment(kind == ColumnKind::kTime ? "time" : "datetime", value);
}

std::string SqliteStatements::KeyValues(const Merge& merge) const {
  std::string values;
  for (const TableColumn& column : merge.key) {
    values += (values.empty() ? "" : ", ") + KeyValue(column, "");
  }
  return values;
}

}  // namespace aft
