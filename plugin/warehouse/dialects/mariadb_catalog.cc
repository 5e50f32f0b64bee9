// SPDX-License-Identifier: Apache-2.0
// What MariaDB's information_schema says of a table and what belongs to it.
#include "plugin/warehouse/dialects/mariadb_catalog.h"

#include "host_shim/error.h"
#include "plugin/warehouse/dialects/mariadb_dialect.h"
#include "plugin/warehouse/dialects/mariadb_type.h"
#include "plugin/warehouse/values/fold_case.h"

namespace aft {
namespace {

std::string SchemaOf(const Relation& relation) {
  return relation.schema.empty() ? "database()" : MariadbLiteral(relation.schema);
}

/// The condition for information_schema that picks the relation.
std::string Picks(const Relation& relation) {
  return Text(" WHERE table_schema = ", SchemaOf(relation),
              " AND table_name = ", MariadbLiteral(relation.identifier));
}

/// The part of a query that says how the server keeps the table, unlike a new one.
std::string Storage(const std::string& picks) {
  const std::string tables = " FROM information_schema.tables" + picks;
  return Text(" UNION ALL SELECT concat('engine ', engine)", tables,
              " AND engine <> @@default_storage_engine UNION ALL SELECT 'system "
              "versioning'",
              tables,
              " AND table_type = 'SYSTEM VERSIONED' UNION ALL SELECT 'partitions'",
              tables, " AND create_options LIKE '%partitioned%'");
}

/// What the lock is called that says that a staging table is in use.
std::string LockName(const Relation& staging) {
  return MariadbLiteral(
      Text("aft_", staging.identifier.substr(staging.identifier.rfind('_') + 1)));
}

}  // namespace

std::string MariadbLiteral(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex = "_utf8mb4 0x";
  if (text.empty()) return "''";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte / 16];
    hex += kDigits[byte % 16];
  }
  return hex;
}

std::optional<std::string> MariadbValue(Connection& connection, const std::string& sql,
                                        const std::string& doing) {
  Statement statement(connection, doing, Stop::kNever);
  statement.ExecuteDirect(sql);
  if (!statement.Fetch()) return std::nullopt;
  return statement.Text(1);
}

RelationKind MariadbDialect::Find(Connection& connection, const Relation& relation,
                                  const std::string& doing) const {
  const std::optional<std::string> type = MariadbValue(
      connection, "SELECT table_type FROM information_schema.tables" + Picks(relation),
      doing);
  if (!type) return RelationKind::kMissing;
  return type->find("VIEW") != std::string::npos ? RelationKind::kView
                                                 : RelationKind::kTable;
}

std::vector<std::string> MariadbDialect::Belongings(Connection& connection,
                                                    const Relation& relation,
                                                    const std::string& doing) const {
  const std::string picks = Picks(relation);
  Statement statement(connection, doing);
  statement.ExecuteDirect(Text(
      "SELECT DISTINCT if(index_name = 'PRIMARY', 'primary key', concat('index ', "
      "index_name)) FROM information_schema.statistics",
      picks,
      " UNION ALL SELECT concat(lower(constraint_type), ' ', constraint_name) FROM "
      "information_schema.table_constraints",
      picks,
      " AND constraint_type IN ('CHECK', 'FOREIGN KEY') UNION ALL SELECT "
      "concat('NOT NULL of ', column_name) FROM information_schema.columns",
      picks,
      " AND is_nullable = 'NO' UNION ALL SELECT concat('default of ', column_name) "
      "FROM information_schema.columns",
      picks,
      " AND (coalesce(column_default, 'NULL') <> 'NULL' OR extra <> '') UNION ALL "
      "SELECT concat('collation of ', column_name, ', ', collation_name) FROM "
      "information_schema.columns",
      picks,
      " AND collation_name <> (SELECT default_collation_name FROM "
      "information_schema.schemata WHERE schema_name = table_schema) UNION ALL "
      "SELECT concat('trigger ', trigger_name) FROM information_schema.triggers WHERE "
      "event_object_schema = ",
      SchemaOf(relation),
      " AND event_object_table = ", MariadbLiteral(relation.identifier),
      " UNION ALL SELECT 'comment' FROM information_schema.tables", picks,
      " AND table_comment <> '' UNION ALL SELECT concat('comment on ', column_name) "
      "FROM information_schema.columns",
      picks, " AND column_comment <> ''", Storage(picks)));
  std::vector<std::string> belongings;
  while (statement.Fetch()) belongings.push_back(statement.Text(1).value_or(""));
  return belongings;
}

// Other engines may keep their rows elsewhere, or take none. What the server generates
// can't be written, partitions may have none for a row, and old rows stay in a history.
bool MariadbDialect::IsCopyable(Connection& connection, const Relation& relation,
                                const std::string& doing) const {
  const std::string picks = Picks(relation);
  return MariadbValue(
             connection,
             Text("SELECT 1 FROM information_schema.tables", picks,
                  " AND engine = 'InnoDB' AND table_type = 'BASE TABLE' AND "
                  "coalesce(create_options, '') NOT LIKE '%partitioned%' AND NOT EXISTS "
                  "(SELECT 1 FROM information_schema.columns",
                  picks,
                  " AND (character_set_name <> 'utf8mb4' OR "
                  "coalesce(generation_expression, '') <> ''))"),
             doing)
      .has_value();
}

std::string MariadbDialect::RemovalBlocker(Connection& connection,
                                           const Relation& relation, Removal removal,
                                           const std::string& doing) const {
  const std::string schema = SchemaOf(relation);
  const std::string is_own =
      "(constraint_schema = unique_constraint_schema AND table_name = "
      "referenced_table_name)";
  // The server itself sees to it that no row is left without the one it refers to.
  const std::string_view changes =
      removal == Removal::kTable
          ? ""
          : " AND delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT')";
  return MariadbValue(
             connection,
             Text("SELECT concat(if(", is_own,
                  ", 'its own rows refer to others', concat('table ', "
                  "constraint_schema, '.', table_name, ' refers to it')), ' by the "
                  "foreign key ', constraint_name) FROM "
                  "information_schema.referential_constraints WHERE "
                  "unique_constraint_schema = ",
                  schema,
                  " AND referenced_table_name = ", MariadbLiteral(relation.identifier),
                  removal == Removal::kSomeRows ? "" : " AND NOT " + is_own, changes,
                  " LIMIT 1"),
             doing)
      .value_or("");
}

void MariadbDialect::CheckAppend(Connection& connection, const Relation& relation,
                                 const std::string& doing) const {
  const std::optional<std::string> engine = MariadbValue(
      connection,
      "SELECT e.engine FROM information_schema.tables t JOIN information_schema.engines "
      "e ON e.engine = t.engine AND e.transactions <> 'YES'" +
          Picks(relation),
      doing);
  if (!engine) return;
  throw Error(Text("cannot ", doing, ": its engine, ", *engine, ", has no transactions, ",
                   "so that an append could be left half done; use another one, such as ",
                   "InnoDB"));
}

std::string MariadbDialect::TableOptions(Connection& connection, const Relation& relation,
                                         const std::string& doing) const {
  const std::string schema = SchemaOf(relation);
  const std::optional<std::string> charset = MariadbValue(
      connection,
      "SELECT default_character_set_name FROM information_schema.schemata WHERE "
      "schema_name = " +
          schema,
      doing);
  // Another one can't hold every text; where this is the default, so is its collation.
  return charset == "utf8mb4" ? "" : " CHARACTER SET utf8mb4";
}

std::vector<TableColumn> MariadbDialect::Columns(Connection& connection,
                                                 const Relation& relation,
                                                 const std::string& doing) const {
  // Unlike information_schema, it knows temporary tables.
  Statement statement(connection, doing);
  statement.ExecuteDirect("SHOW COLUMNS FROM " + Name(relation));
  std::vector<TableColumn> columns;
  while (statement.Fetch()) {
    const std::string type_name = statement.Text(2).value_or("");
    columns.push_back(
        {statement.Text(1).value_or(""), type_name, ReadMariadbType(type_name)});
    const bool is_instant = columns.back().type.has_zone == true;
    columns.back().declaration = type_name + (is_instant ? " null" : "");
    const bool has_default = statement.Text(5).has_value();
    const std::string extra = FoldCase(statement.Text(6).value_or(""));
    const bool counts = extra.find("auto_increment") != std::string::npos;
    columns.back().is_filled =
        has_default || counts || extra.find("generated") != std::string::npos;
    columns.back().replaces_null = counts || (is_instant && statement.Text(3) == "NO");
  }
  return columns;
}

// A lock is the session's and ends with it. In a cluster, other servers don't know of it.
void MariadbDialect::ReserveStaging(Connection& connection, const Relation& staging,
                                    const std::string& doing) const {
  (void)MariadbValue(connection, Text("SELECT get_lock(", LockName(staging), ", 0)"),
                     doing);
  if (MariadbValue(connection,
                   "SHOW GLOBAL VARIABLES WHERE variable_name = 'wsrep_on' AND value "
                   "= 'ON'",
                   doing)) {
    return;
  }
  const std::string schema = SchemaOf(staging);
  Statement unused(connection, doing);
  unused.ExecuteDirect(
      Text("SELECT table_name, table_type FROM information_schema.tables WHERE "
           "table_schema = ",
           schema,
           " AND table_name REGEXP '^aft_(staging|old)_[0-9a-f]{16}$' AND "
           "is_free_lock(concat('aft_', right(table_name, 16)))"));
  while (unused.Fetch()) {
    Relation relation = staging;
    relation.identifier = unused.Text(1).value_or("");
    const bool is_view = unused.Text(2) == "VIEW";
    // One that somebody else removes, or may alone remove, doesn't stop the write.
    try {
      Execute(connection, (is_view ? "DROP VIEW " : "DROP TABLE ") + Name(relation),
              doing);
    } catch (const DatabaseError& error) {
      if (error.IsConnectionLost()) throw;
    }
  }
}

void MariadbDialect::ReleaseStaging(Connection& connection,
                                    const Relation& staging) const {
  (void)MariadbValue(connection, Text("SELECT release_lock(", LockName(staging), ")"),
                     "release a staging table");
}

// Roles grant rights as well, which information_schema does not resolve. So it is tried,
// which commits nothing.
bool MariadbDialect::MayMakeTemporary(Connection& connection, const Relation& relation,
                                      const std::string& doing) const {
  const std::string name = Name(Beside(relation, "aft_probe"));
  try {
    Execute(connection, Text("CREATE TEMPORARY TABLE ", name, " (a int)"), doing);
    Execute(connection, "DROP TEMPORARY TABLE " + name, doing);
    return true;
  } catch (const DatabaseError& error) {
    if (error.IsPassing()) throw;
    return false;
  }
}

}  // namespace aft
