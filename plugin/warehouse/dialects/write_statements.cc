// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/write_statements.h"

#include <utility>

#include "host_shim/error.h"

namespace aft {

WriteStatements::WriteStatements(SqlNames names, bool has_transactional_ddl)
    : names_(std::move(names)), has_transactional_ddl_(has_transactional_ddl) {}

std::string WriteStatements::CreateSchema(const Relation& relation) const {
  return "CREATE SCHEMA " + names_.Part(relation.schema, relation.quote_schema);
}

std::string WriteStatements::Create(const Relation& relation,
                                    const std::vector<TableColumn>& columns,
                                    std::string_view options) const {
  std::string sql = "CREATE TABLE " + Name(relation) + " (";
  for (const TableColumn& column : columns) {
    if (&column != columns.data()) sql += ", ";
    sql += names_.Quote(column.name);
    if (!column.type_name.empty()) sql += " " + column.type_name;
  }
  return Text(sql, ")", options);
}

Relation WriteStatements::OldTable(const Relation& staging, const Relation& target) {
  Relation old = target;
  const size_t number = staging.identifier.rfind('_');
  old.identifier = Text("aft_old", staging.identifier.substr(number));
  old.quote_identifier = true;
  return old;
}

std::string WriteStatements::Drop(const Relation& relation, RelationKind kind) const {
  const std::string_view drop = kind == RelationKind::kView ? "DROP VIEW "
                                : kind == RelationKind::kMaterializedView
                                    ? "DROP MATERIALIZED VIEW "
                                    : "DROP TABLE ";
  return Text(drop, Name(relation));
}

std::string WriteStatements::DropLeftover(const Relation& left, RelationKind kind) const {
  return Drop(left, kind);
}

WriteStep WriteStatements::Rename(const Relation& from, const Relation& to) const {
  const auto rename = [this](const Relation& one, const Relation& other) {
    // Databases take the new name for one in the table's schema, or, without schemas, in
    // the connection's own catalog.
    const bool is_alone = names_.has_schemas || !names_.has_catalogs;
    return "ALTER TABLE " + Name(one) + " RENAME TO " +
           (is_alone ? names_.Part(other.identifier, other.quote_identifier)
                     : Name(other));
  };
  return {rename(from, to), rename(to, from)};
}

std::vector<WriteStep> WriteStatements::Swap(const Relation& staging,
                                             const Relation& target, RelationKind kind,
                                             const std::vector<std::string>& then) const {
  std::vector<WriteStep> steps;
  const bool sets_aside = kind == RelationKind::kTable && !has_transactional_ddl_;
  const Relation old = OldTable(staging, target);
  if (sets_aside) {
    steps.push_back(Rename(target, old));
    steps.back().is_atomic = true;
  } else if (kind != RelationKind::kMissing) {
    steps.push_back({Drop(target, kind), ""});
  }
  steps.push_back(Rename(staging, target));
  steps.back().is_atomic = kind == RelationKind::kMissing;
  for (const std::string& statement : then) steps.push_back({statement, ""});
  if (sets_aside) steps.push_back({Drop(old, kind), ""});
  return steps;
}

std::vector<WriteStep> WriteStatements::SetAside(const Relation& staging,
                                                 const Relation& target) const {
  return {Rename(target, OldTable(staging, target)), Rename(staging, target)};
}

std::vector<WriteStep> WriteStatements::Clear(const Relation& target) const {
  return {{"DELETE FROM " + Name(target), ""}};
}

WriteStep WriteStatements::AddColumn(const Relation& target,
                                     const TableColumn& column) const {
  const std::string name = names_.Quote(column.name);
  const std::string table = "ALTER TABLE " + Name(target);
  return {Text(table, " ADD ", name, " ", column.type_name),
          Text(table, " DROP COLUMN ", name), /*is_atomic=*/true};
}

std::string WriteStatements::DropColumn(const Relation& target,
                                        const TableColumn& column) const {
  return Text("ALTER TABLE ", Name(target), " DROP COLUMN ", names_.Quote(column.name));
}

std::vector<WriteStep> WriteStatements::CreateLike(
    const Merge& merge, const std::vector<TableColumn>& new_columns) const {
  const std::string_view temporary = merge.is_temporary ? "TEMPORARY " : "";
  std::vector<TableColumn> columns = merge.key;
  columns.insert(columns.end(), merge.values.begin(), merge.values.end());
  std::vector<WriteStep> steps = {
      {Text("CREATE ", temporary, "TABLE ", Name(merge.staging), " AS SELECT ",
            List(columns), " FROM ", Name(merge.target), " WHERE 1 = 0"),
       ""}};
  for (const TableColumn& column : new_columns) {
    steps.push_back({AddColumn(merge.staging, column).statement, ""});
  }
  return steps;
}

std::vector<WriteStep> WriteStatements::CreateByTypes(
    const Merge& merge, const std::vector<TableColumn>& new_columns) const {
  std::vector<TableColumn> columns = merge.key;
  columns.insert(columns.end(), merge.values.begin(), merge.values.end());
  for (TableColumn& column : columns) {
    column.type_name = column.declaration.value_or(column.type_name);
  }
  columns.insert(columns.end(), new_columns.begin(), new_columns.end());
  return {{Create(merge.staging, columns, ""), ""}};
}

std::string WriteStatements::DropStaging(const Merge& merge) const {
  return "DROP TABLE " + Name(merge.staging);
}

std::vector<WriteStep> WriteStatements::PrepareMerge(const Merge&) const { return {}; }

std::string WriteStatements::Alias(const Relation& staging) {
  return "aft_s_" + staging.identifier.substr(staging.identifier.rfind('_') + 1);
}

std::string WriteStatements::Update(const Merge& merge) const {
  const std::string target = Name(merge.target);
  const std::string alias = Alias(merge.staging);
  const std::string from = Text(" FROM ", Name(merge.staging), " ", alias, " WHERE ",
                                HasSameKey(merge, target, alias));
  std::string sql = Text("UPDATE ", target, " SET ");
  for (const TableColumn& column : merge.values) {
    const std::string name = names_.Quote(column.name);
    if (&column != merge.values.data()) sql += ", ";
    sql += Text(name, " = (SELECT ", alias, ".", name, from, ")");
  }
  return Text(sql, " WHERE EXISTS (SELECT 1", from, ")");
}

std::string WriteStatements::UpdateFrom(const Merge& merge) const {
  const std::string alias = Alias(merge.staging);
  std::string values;
  for (const TableColumn& column : merge.values) {
    const std::string name = names_.Quote(column.name);
    values += Text(values.empty() ? "" : ", ", name, " = ", alias, ".", name);
  }
  return Text("UPDATE ", Name(merge.target), " aft_t SET ", values, " FROM ",
              Name(merge.staging), " ", alias, " WHERE ",
              HasSameKey(merge, "aft_t", alias));
}

std::string WriteStatements::Delete(const Merge& merge) const {
  const std::string target = Name(merge.target);
  const std::string alias = Alias(merge.staging);
  return Text("DELETE FROM ", target, " WHERE EXISTS (SELECT 1 FROM ",
              Name(merge.staging), " ", alias, " WHERE ",
              HasSameKey(merge, target, alias), ")");
}

std::string WriteStatements::Insert(const Merge& merge) const {
  std::vector<TableColumn> columns = merge.key;
  columns.insert(columns.end(), merge.values.begin(), merge.values.end());
  const std::string alias = Alias(merge.staging);
  return Text("INSERT INTO ", Name(merge.target), " (", List(columns), ") SELECT ",
              List(columns, alias + "."), " FROM ", Name(merge.staging), " ", alias);
}

std::vector<WriteStep> WriteStatements::InsertNew(const Merge& merge) const {
  return {{Text(Insert(merge), " WHERE NOT EXISTS (SELECT 1 FROM ", Name(merge.target),
                " aft_t WHERE ", HasSameKey(merge, "aft_t", Alias(merge.staging)), ")"),
           "", /*is_atomic=*/false,
           /*places_rows=*/CountsFoundRows() && !merge.values.empty()}};
}

std::string WriteStatements::List(const std::vector<TableColumn>& columns,
                                  std::string_view prefix) const {
  std::string list;
  for (const TableColumn& column : columns) {
    list += Text(list.empty() ? "" : ", ", prefix, names_.Quote(column.name));
  }
  return list;
}

std::string WriteStatements::KeyValue(const TableColumn& column,
                                      std::string_view prefix) const {
  return Text(prefix, names_.Quote(column.name));
}

std::string WriteStatements::HasSameKey(const Merge& merge, std::string_view target,
                                        std::string_view staging) const {
  std::string condition;
  for (const TableColumn& column : merge.key) {
    condition +=
        Text(condition.empty() ? "" : " AND ", KeyValue(column, Text(target, ".")), " = ",
             KeyValue(column, Text(staging, ".")));
  }
  return condition;
}

}  // namespace aft
