// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/mariadb_statements.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "host_shim/error.h"

namespace aft {
namespace {

// What InnoDB's indexes take at most.
constexpr size_t kMostIndexColumns = 16;
constexpr size_t kMostIndexBytes = 3072;
// For a NULL, and for the length of a text.
constexpr size_t kBytesBesideValue = 3;
constexpr int64_t kBytesOfCharacter = 4;

/// How much of a column of texts or bytes goes into an index that has so many bytes for
/// it, in parentheses; "" for all.
std::string IndexPrefix(const ColumnType& type, size_t bytes) {
  const bool is_text = type.kind == ColumnKind::kText;
  if (!is_text && type.kind != ColumnKind::kBinary) return "";
  const auto most = static_cast<int64_t>(bytes);
  const int64_t room = is_text ? most / kBytesOfCharacter : most;
  // Of types without a length of their own, a part must be named.
  const bool has_length = type.length > 0 && !type.counts_bytes;
  if (has_length && type.length <= room) return "";
  const int64_t longest = is_text ? type.length / kBytesOfCharacter : type.length;
  return Text("(", type.counts_bytes ? std::min(longest, room) : room, ")");
}

}  // namespace

SqlNames MariadbStatements::WithFoldedColumns(SqlNames names) {
  names.folds_columns = true;
  return names;
}

std::vector<WriteStep> MariadbStatements::Swap(
    const Relation& staging, const Relation& target, RelationKind kind,
    const std::vector<std::string>& then) const {
  const std::string from = Name(staging);
  const std::string to = Name(target);
  const Relation old_table = OldTable(staging, target);
  const std::string old = Name(old_table);
  const bool is_missing = kind == RelationKind::kMissing;
  const std::string out = is_missing ? "" : Text(to, " TO ", old, ", ");
  const std::string back = is_missing ? "" : Text(", ", old, " TO ", to);
  std::vector<WriteStep> steps = {{Text("RENAME TABLE ", out, from, " TO ", to),
                                   Text("RENAME TABLE ", to, " TO ", from, back),
                                   /*is_atomic=*/true}};
  for (const std::string& statement : then) steps.push_back({statement, ""});
  if (!is_missing) steps.push_back({Drop(old_table, kind), ""});
  return steps;
}

// Types say nothing of character sets. The query locks the target until its transaction
// ends, which is before there are rows.
std::vector<WriteStep> MariadbStatements::CreateLike(
    const Merge& merge, const std::vector<TableColumn>& new_columns) const {
  std::vector<WriteStep> steps = WriteStatements::CreateLike(merge, new_columns);
  steps.push_back({"COMMIT", ""});
  return steps;
}

// Without the word, it would commit.
std::string MariadbStatements::DropStaging(const Merge& merge) const {
  return Text(merge.is_temporary ? "DROP TEMPORARY TABLE " : "DROP TABLE ",
              Name(merge.staging));
}

// To index a temporary table commits nothing; with another, only its rows.
std::vector<WriteStep> MariadbStatements::PrepareMerge(const Merge& merge) const {
  const size_t count = std::min(merge.key.size(), kMostIndexColumns);
  const size_t share = kMostIndexBytes / count - kBytesBesideValue;
  std::string columns;
  for (size_t i = 0; i < count; ++i) {
    const TableColumn& column = merge.key[i];
    columns += Text(i == 0 ? "" : ", ", names().Quote(column.name),
                    IndexPrefix(column.type, share));
  }
  return {{Text("ALTER TABLE ", Name(merge.staging), " ADD INDEX (", columns, ")"), ""}};
}

std::string MariadbStatements::Update(const Merge& merge) const {
  std::string values;
  for (const TableColumn& column : merge.values) {
    const std::string name = names().Quote(column.name);
    values += Text(values.empty() ? "" : ", ", "aft_t.", name, " = ",
                   Alias(merge.staging), ".", name);
  }
  const std::string alias = Alias(merge.staging);
  return Text("UPDATE ", Name(merge.target), " aft_t JOIN ", Name(merge.staging), " ",
              alias, " ON ", HasSameKey(merge, "aft_t", alias), " SET ", values);
}

// Under another name, the table to delete from would need a default database.
std::string MariadbStatements::Delete(const Merge& merge) const {
  const std::string target = Name(merge.target);
  const std::string alias = Alias(merge.staging);
  return Text("DELETE ", target, " FROM ", target, " JOIN ", Name(merge.staging), " ",
              alias, " ON ", HasSameKey(merge, target, alias));
}

std::string MariadbStatements::CreateSchema(const Relation& relation) const {
  return "CREATE SCHEMA IF NOT EXISTS " +
         names().Part(relation.schema, relation.quote_schema);
}

// To look for each row of staging in the target takes long where the target has no index
// for it; staging has one.
std::vector<WriteStep> MariadbStatements::InsertNew(const Merge& merge) const {
  const std::string staging = Name(merge.staging);
  return {{Text("DELETE ", staging, " FROM ", Name(merge.target), " aft_t JOIN ", staging,
                " ON ", HasSameKey(merge, "aft_t", staging)),
           "", /*is_atomic=*/false, /*places_rows=*/true},
          {Insert(merge), "", /*is_atomic=*/false, /*places_rows=*/true}};
}

}  // namespace aft
