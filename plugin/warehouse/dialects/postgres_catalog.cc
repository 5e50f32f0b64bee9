// SPDX-License-Identifier: Apache-2.0
// What PostgreSQL's catalogue says of a table and what belongs to it.
#include "plugin/warehouse/dialects/postgres_catalog.h"

#include "host_shim/error.h"
#include "plugin/warehouse/dialects/postgres_dialect.h"

namespace aft {
namespace {

RelationKind KindOf(std::string_view relkind) {
  if (relkind == "v") return RelationKind::kView;
  if (relkind == "m") return RelationKind::kMaterializedView;
  const bool is_table = relkind == "r" || relkind == "p" || relkind == "f";
  return is_table ? RelationKind::kTable : RelationKind::kMissing;
}

}  // namespace

std::string PostgresValue(odbc::Connection& connection, const std::string& sql,
                          const std::string& doing) {
  odbc::Statement statement(connection, doing, odbc::Statement::Stop::kNever);
  statement.ExecuteDirect(sql);
  if (!statement.Fetch()) return "";
  return statement.Text(1).value_or("");
}

std::string PostgresLiteral(std::string_view text) {
  std::string literal = " E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') literal += c;
    literal += c;
  }
  return literal + "'";
}

bool PostgresDialect::HasSchema(odbc::Connection& connection, const Relation& relation,
                                const std::string& doing) const {
  if (relation.schema.empty()) return true;
  const std::string schema = names().Part(relation.schema, relation.quote_schema);
  return PostgresValue(connection,
                       Text("SELECT (to_regnamespace(", PostgresLiteral(schema),
                            ") IS NOT NULL)::int"),
                       doing) == "1";
}

// As the search path has it, whichever of its schemas the table is in.
Relation PostgresDialect::Locate(odbc::Connection& connection, const Relation& relation,
                                 const std::string& doing) const {
  if (!relation.schema.empty()) return relation;
  Relation located = relation;
  located.quote_schema = true;
  located.schema = PostgresValue(
      connection,
      Text("SELECT coalesce((SELECT n.nspname FROM pg_catalog.pg_class c JOIN "
           "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = "
           "to_regclass(",
           PostgresLiteral(Name(relation)), ")), current_schema())"),
      doing);
  return located;
}

// As the server finds it: it folds names, and cuts none.
RelationKind PostgresDialect::Find(odbc::Connection& connection, const Relation& relation,
                                   const std::string& doing) const {
  return KindOf(PostgresValue(
      connection,
      Text("SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(",
           PostgresLiteral(Name(relation)), ")"),
      doing));
}

// Views hang on the rules that rewrite them.
std::vector<DependentView> PostgresDialect::Views(odbc::Connection& connection,
                                                  const Relation& relation,
                                                  const std::string& doing) const {
  odbc::Statement statement(connection, doing);
  statement.ExecuteDirect(
      Text("WITH RECURSIVE views AS (SELECT CAST(", PostgresLiteral(Name(relation)),
           " AS regclass)::oid AS oid, 0 AS depth UNION SELECT r.ev_class, v.depth + 1 "
           "FROM views v JOIN pg_catalog.pg_depend d ON d.refobjid = v.oid AND "
           "d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass "
           "JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND r.ev_class <> v.oid) "
           "SELECT n.nspname, c.relname, c.relkind FROM views v JOIN pg_catalog.pg_class "
           "c ON c.oid = v.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
           "WHERE v.depth > 0 AND c.relkind IN ('v', 'm') GROUP BY 1, 2, 3 ORDER BY "
           "max(v.depth) DESC, 1, 2"));
  std::vector<DependentView> views;
  while (statement.Fetch()) {
    views.push_back({statement.Text(1).value_or(""), statement.Text(2).value_or(""),
                     statement.Text(3) == "m"});
  }
  return views;
}

// Of a write that goes on, nobody else sees a table with such a name.
std::vector<std::string> PostgresDialect::DropsOfLeft(odbc::Connection& connection,
                                                      const Relation& relation,
                                                      const std::string& doing) const {
  const std::string schema =
      PostgresLiteral(names().Stored(relation.schema, relation.quote_schema));
  odbc::Statement statement(connection, doing);
  statement.ExecuteDirect(Text(
      "SELECT c.relname, c.relkind FROM pg_catalog.pg_class c JOIN "
      "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ",
      schema,
      " AND c.relname ~ '^aft_(staging|old)_[0-9a-f]{16}$' AND c.relkind IN ('r', 'v', "
      "'m') AND pg_has_role(c.relowner, 'USAGE')"));
  std::vector<std::string> drops;
  while (statement.Fetch()) {
    Relation left = relation;
    left.identifier = statement.Text(1).value_or("");
    left.quote_identifier = true;
    drops.push_back(statements().Drop(left, KindOf(statement.Text(2).value_or(""))));
  }
  return drops;
}

bool PostgresDialect::HasBelongings(odbc::Connection& connection,
                                    const Relation& relation,
                                    const std::string& doing) const {
  // Views hang on the rules that rewrite them; the table's own rules count as well.
  const std::string belongs =
      "c.relkind <> 'r' OR c.relispartition OR c.relhassubclass OR c.relhasrules OR "
      "c.relhastriggers OR c.relhasindex OR c.relrowsecurity OR c.relchecks > 0 OR "
      "c.relacl IS NOT NULL OR c.reloptions IS NOT NULL OR "
      "EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND "
      "d.refobjid = c.oid AND d.deptype = 'n') OR "
      "EXISTS (SELECT FROM pg_description d WHERE d.classoid = 'pg_class'::regclass AND "
      "d.objoid = c.oid) OR "
      "c.relpersistence <> 'p' OR c.reltablespace <> 0 OR "
      "pg_get_userbyid(c.relowner) <> current_user OR "
      "EXISTS (SELECT FROM pg_statistic_ext s WHERE s.stxrelid = c.oid) OR "
      // What takes or has a row of the table.
      "EXISTS (SELECT FROM pg_depend d JOIN pg_type t ON d.refobjid IN (t.oid, "
      "t.typarray) WHERE d.refclassid = 'pg_type'::regclass AND t.oid = c.reltype AND "
      "d.deptype = 'n') OR "
      "EXISTS (SELECT FROM pg_publication_rel p WHERE p.prrelid = c.oid) OR "
      "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND "
      "(a.attnotnull OR a.atthasdef OR a.attidentity <> '' OR a.attacl IS NOT NULL))";
  return PostgresValue(
             connection,
             Text("SELECT (", belongs, ")::int FROM pg_class c WHERE c.oid = CAST(",
                  PostgresLiteral(Name(relation)), " AS regclass)"),
             doing) == "1";
}

std::string PostgresDialect::RowsThatDepend(odbc::Connection& connection,
                                            const Relation& relation,
                                            const std::string& doing) const {
  const std::string table =
      Text("CAST(", PostgresLiteral(Name(relation)), " AS regclass)");
  return PostgresValue(
      connection,
      Text("SELECT 'table ' || conrelid::regclass::text || ' refers to it by the "
           "foreign key ' || quote_ident(conname) FROM pg_constraint WHERE contype "
           "= 'f' AND conparentid = 0 AND conrelid <> confrelid AND confrelid = ",
           table,
           " UNION ALL SELECT 'table ' || i.inhrelid::regclass::text || ' inherits "
           "from it' FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent "
           "WHERE c.relkind = 'r' AND i.inhparent = ",
           table, " LIMIT 1"),
      doing);
}

}  // namespace aft
