// SPDX-License-Identifier: Apache-2.0
// What a SQLite file says of its tables.
#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/dialects/sqlite_dialect.h"
#include "plugin/warehouse/dialects/sqlite_type.h"
#include "plugin/warehouse/values/fold_case.h"
#include "plugin/warehouse/values/value_text.h"

namespace aft {
namespace {

/// What a pragma's function takes to mean the relation.
std::string Arguments(const Relation& relation) {
  return Literal(relation.identifier) +
         (relation.schema.empty() ? "" : ", " + Literal(relation.schema));
}

Relation CatalogOf(const Relation& relation) {
  Relation catalog = relation;
  catalog.identifier = "sqlite_master";
  catalog.quote_identifier = false;
  return catalog;
}

/// Where the name that the text begins with ends.
size_t EndOfName(std::string_view text) {
  const char first = text.empty() ? '\0' : text.front();
  const char last = first == '[' ? ']' : first;
  if (last != ']' && last != '"' && last != '\'' && last != '`') {
    return text.find_first_of(" \t\r\n(/-");
  }
  size_t at = text.find(last, 1);
  while (at < text.size() && text.substr(at + 1, 1) == std::string_view(&last, 1)) {
    at = text.find(last, at + 2);
  }
  return at + 1;
}

/// What stands behind the name in a table's definition, as SQLite keeps it.
std::string_view BehindName(std::string_view definition) {
  constexpr std::string_view kStart = "CREATE TABLE ";
  if (!definition.starts_with(kStart)) return "";
  definition.remove_prefix(kStart.size());
  return definition.substr(std::min(EndOfName(definition), definition.size()));
}

/// A foreign key of another table.
constexpr std::string_view kOfOthers = "lower(m.name) <> lower(k.\"table\")";

}  // namespace

bool SqliteDialect::HasSchema(Connection& connection, const Relation& relation,
                              const std::string& doing) const {
  if (relation.schema.empty()) return true;
  Statement databases(connection, doing);
  databases.ExecuteDirect("SELECT name FROM pragma_database_list");
  while (databases.Fetch()) {
    if (FoldCase(databases.Text(1).value_or("")) == FoldCase(relation.schema))
      return true;
  }
  return false;
}

void SqliteDialect::EnsureSchema(Connection& connection, const Relation& relation,
                                 const std::string& doing) const {
  if (HasSchema(connection, relation, doing)) return;
  throw Error(Text("cannot ", doing, ": schema '", relation.schema,
                   "' is no attached database of this SQLite connection; attach it, or "
                   "use 'main'"));
}

RelationKind SqliteDialect::Find(Connection& connection, const Relation& relation,
                                 const std::string& doing) const {
  Statement relations(connection, doing);
  relations.ExecuteDirect(Text("SELECT name, type FROM ", Name(CatalogOf(relation)),
                               " WHERE type IN ('table', 'view')"));
  while (relations.Fetch()) {
    if (FoldCase(relations.Text(1).value_or("")) != FoldCase(relation.identifier))
      continue;
    return relations.Text(2) == "view" ? RelationKind::kView : RelationKind::kTable;
  }
  return RelationKind::kMissing;
}

// Of a write that goes on, nobody else sees a table with such a name.
std::vector<Leftover> SqliteDialect::Leftovers(Connection& connection,
                                               const Relation& relation,
                                               const std::string& doing) const {
  Relation left = CatalogOf(relation);
  std::string digits;
  for (int i = 0; i < 16; ++i) digits += "[0-9a-f]";
  Statement relations(connection, doing);
  relations.ExecuteDirect(
      Text("SELECT name, type FROM ", Name(left), " WHERE type IN ('table', 'view') AND ",
           "(name GLOB 'aft_old_", digits, "' OR name GLOB 'aft_staging_", digits, "')"));
  left.quote_identifier = true;
  std::vector<Leftover> found;
  while (relations.Fetch()) {
    left.identifier = relations.Text(1).value_or("");
    const bool is_view = relations.Text(2) == "view";
    found.push_back({left, is_view ? RelationKind::kView : RelationKind::kTable, ""});
  }
  return found;
}

std::string SqliteDialect::Referrer(Connection& connection, const Relation& relation,
                                    std::string_view which,
                                    const std::string& doing) const {
  const std::string schema = relation.schema.empty() ? "main" : relation.schema;
  Statement keys(connection, doing);
  keys.ExecuteDirect(Text(
      "SELECT 'table '||m.name||' refers to it by the foreign key of '||k.\"from\" FROM ",
      "pragma_foreign_keys, ", Name(CatalogOf(relation)),
      " m, pragma_foreign_key_list(m.name, ", Literal(schema),
      ") k WHERE foreign_keys AND m.type = 'table' AND lower(k.\"table\") = lower(",
      Literal(relation.identifier), ") AND ", which, " LIMIT 1"));
  return keys.Fetch() ? keys.Text(1).value_or("") : "";
}

// To drop it would delete its rows first, and so those that hang on them.
bool SqliteDialect::HasBelongings(Connection& connection, const Relation& relation,
                                  const std::string& doing) const {
  return !Referrer(connection, relation, kOfOthers, doing).empty();
}

std::vector<std::string> SqliteDialect::Belongings(Connection& connection,
                                                   const Relation& relation,
                                                   const std::string& doing) const {
  const std::string arguments = Arguments(relation);
  const std::string master = Name(CatalogOf(relation));
  const std::string of_table =
      Text(" lower(tbl_name) = lower(", Literal(relation.identifier), ")");
  Statement statement(connection, doing);
  statement.ExecuteDirect(Text(
      "SELECT DISTINCT 'primary key' FROM pragma_table_info(", arguments,
      ") WHERE pk UNION ALL SELECT type||' '||name FROM ", master,
      " WHERE type IN ('index', 'trigger') AND sql IS NOT NULL AND", of_table,
      " UNION ALL SELECT 'unique key '||seq FROM pragma_index_list(", arguments,
      ") WHERE origin = 'u' UNION ALL SELECT 'foreign key of '||\"from\" FROM "
      "pragma_foreign_key_list(",
      arguments, ") UNION ALL SELECT 'NOT NULL of '||name FROM pragma_table_info(",
      arguments,
      ") WHERE \"notnull\" UNION ALL SELECT 'default of '||name FROM pragma_table_info(",
      arguments, ") WHERE dflt_value IS NOT NULL UNION ALL SELECT 'checks' FROM ", master,
      " WHERE type = 'table' AND sql LIKE '%check%(%' AND", of_table));
  std::vector<std::string> belongings;
  while (statement.Fetch()) belongings.push_back(statement.Text(1).value_or(""));
  return belongings;
}

std::string SqliteDialect::HasTriggers(const Relation& relation) const {
  const std::string of_table =
      Text(" WHERE type = 'trigger' AND lower(tbl_name) = lower(",
           Literal(relation.identifier), ")");
  return Text("(EXISTS (SELECT 1 FROM ", Name(CatalogOf(relation)), of_table,
              ") OR EXISTS (SELECT 1 FROM temp.sqlite_master", of_table, "))");
}

std::string SqliteDialect::IsDefined(const Relation& relation,
                                     std::string_view pattern) const {
  return Text("EXISTS (SELECT 1 FROM ", Name(CatalogOf(relation)),
              " WHERE type = 'table' AND sql LIKE '", pattern,
              "' AND lower(name) = lower(", Literal(relation.identifier), "))");
}

// A trigger may say RAISE(IGNORE), and a constraint ON CONFLICT IGNORE.
bool SqliteDialect::SkipsRows(Connection& connection, const Relation& relation,
                              bool /*updates*/, const std::string& doing) const {
  Statement statement(connection, doing);
  statement.ExecuteDirect(Text("SELECT ", HasTriggers(relation), " OR ",
                               IsDefined(relation, "%on%conflict%")));
  return statement.Fetch() && statement.Text(1) == "1";
}

// sqliteodbc 0.9998 counts no rows of a statement that begins as ours do. What triggers
// and virtual tables change counts as well, so there the rows themselves are counted.
std::optional<int64_t> SqliteDialect::InsertCounter(Connection& connection,
                                                    const Relation& relation,
                                                    const std::string& doing) const {
  Statement statement(connection, doing);
  statement.ExecuteDirect(Text("SELECT CASE WHEN ", HasTriggers(relation), " OR ",
                               IsDefined(relation, "create virtual%"),
                               " THEN (SELECT count(*) FROM ", Name(relation),
                               ") ELSE total_changes() END"));
  if (!statement.Fetch()) return std::nullopt;
  return ParseInteger(statement.Text(1).value_or(""));
}

std::string SqliteDialect::RemovalBlocker(Connection& connection,
                                          const Relation& relation, Removal removal,
                                          const std::string& doing) const {
  std::string which = "k.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT')";
  // Rows that go as well hang on nothing.
  if (removal != Removal::kSomeRows) which += Text(" AND ", kOfOthers);
  return Referrer(connection, relation, which, doing);
}

// No query tells how a column compares; but an index on a table of the same definition
// has its columns' collations.
std::vector<std::string> SqliteDialect::Collations(Connection& connection,
                                                   const Relation& relation,
                                                   const std::string& doing) const {
  std::string definition;
  {
    Statement tables(connection, doing);
    tables.ExecuteDirect(Text("SELECT sql FROM ", Name(CatalogOf(relation)),
                              " WHERE type = 'table' AND lower(name) = lower(",
                              Literal(relation.identifier), ")"));
    if (tables.Fetch()) definition = tables.Text(1).value_or("");
  }
  const std::string_view rest = BehindName(definition);
  if (FoldCase(rest).find("collate") == std::string::npos) return {};
  std::string names;
  {
    Statement columns(connection, doing);
    columns.ExecuteDirect(
        Text("SELECT name FROM pragma_table_info(", Arguments(relation), ")"));
    while (columns.Fetch()) {
      names += (names.empty() ? "" : ", ") + Quote(columns.Text(1).value_or(""));
    }
  }
  return IndexedCollations(connection, rest, names, doing);
}

std::vector<std::string> SqliteDialect::IndexedCollations(
    Connection& connection, std::string_view definition, const std::string& names,
    const std::string& doing) const {
  std::vector<std::string> collations;
  Execute(connection, "DROP TABLE IF EXISTS temp.aft_like", doing);
  try {
    Execute(connection, Text("CREATE TABLE temp.aft_like", definition), doing);
    Execute(connection, Text("CREATE INDEX temp.aft_like_key ON aft_like (", names, ")"),
            doing);
    Statement index(connection, doing);
    index.ExecuteDirect(
        "SELECT coll FROM pragma_index_xinfo('aft_like_key', 'temp') WHERE key");
    while (index.Fetch()) collations.push_back(index.Text(1).value_or(""));
  } catch (const DatabaseError& error) {
    // Collations and functions of an application's own are known to that alone.
    if (error.IsPassing()) throw;
  }
  Execute(connection, "DROP TABLE IF EXISTS temp.aft_like", doing);
  return collations;
}

std::vector<TableColumn> SqliteDialect::Columns(Connection& connection,
                                                const Relation& relation,
                                                const std::string& doing) const {
  const std::vector<std::string> collations = Collations(connection, relation, doing);
  Statement names(connection, doing);
  names.ExecuteDirect(
      Text("SELECT name, type, dflt_value IS NOT NULL OR (pk > 0 AND upper(type) = "
           "'INTEGER'), pk > 0 AND upper(type) = 'INTEGER' AND NOT EXISTS (SELECT 1 FROM "
           "pragma_index_list(",
           Arguments(relation), ") WHERE origin = 'pk') FROM pragma_table_info(",
           Arguments(relation), ")"));
  std::vector<TableColumn> columns;
  while (names.Fetch()) {
    const std::string type_name = names.Text(2).value_or("");
    columns.push_back(
        {names.Text(1).value_or(""), type_name, SqliteColumnType(type_name)});
    columns.back().is_filled = names.Text(3) == "1";
    // The row's number, which counts.
    columns.back().replaces_null = names.Text(4) == "1";
    const size_t place = columns.size() - 1;
    const bool is_other = place < collations.size() && collations[place] != "BINARY";
    columns.back().declaration =
        is_other ? Text(type_name, " COLLATE ", Quote(collations[place])) : type_name;
  }
  return columns;
}

}  // namespace aft
