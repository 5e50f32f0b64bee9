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

/// The part of a query that says what a new table in the place of that one would not be.
std::string Guards(const std::string& table) {
  return Text(
      " UNION ALL SELECT CASE WHEN relrowsecurity THEN 'it has row-level security' WHEN "
      "relispartition THEN 'it is a partition' WHEN relkind = 'p' THEN 'it is "
      "partitioned' ELSE 'it inherits from another table' END FROM pg_class c "
      "WHERE (relkind = 'p' OR relispartition OR relrowsecurity OR "
      "EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)) AND oid = ",
      table);
}

/// The part of a query that says how the server keeps and sends a table's rows.
constexpr std::string_view kStorage =
    " UNION ALL SELECT 12, 'storage parameters' FROM pg_class WHERE oid = t.oid AND "
    "reloptions IS NOT NULL "
    "UNION ALL SELECT 13, 'UNLOGGED' FROM pg_class WHERE oid = t.oid AND relpersistence "
    "= 'u' "
    "UNION ALL SELECT 14, 'tablespace ' || quote_ident(s.spcname) FROM pg_class c JOIN "
    "pg_tablespace s ON s.oid = c.reltablespace WHERE c.oid = t.oid "
    "UNION ALL SELECT 15, 'replica identity' FROM pg_class WHERE oid = t.oid AND "
    "relreplident <> 'd' "
    "UNION ALL SELECT 16, 'publication ' || quote_ident(p.pubname) FROM "
    "pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = "
    "t.oid";

/// In words, what belongs to the table of the oid t.oid, each kind with its place.
constexpr const char* kBelongings =
    "SELECT 1, 'constraint ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE "
    "conrelid = t.oid AND contype <> 'n' "
    "UNION ALL SELECT 2, CASE WHEN i.indisunique THEN 'unique ' ELSE '' END || 'index "
    "' || regexp_replace(pg_get_indexdef(i.indexrelid), '^.*? USING ', '') FROM "
    "pg_index i WHERE i.indrelid = t.oid AND NOT EXISTS (SELECT FROM pg_constraint k "
    "WHERE k.conindid = i.indexrelid) "
    "UNION ALL SELECT 3, 'NOT NULL of ' || quote_ident(attname) FROM pg_attribute "
    "WHERE attrelid = t.oid AND attnum > 0 AND attnotnull "
    "UNION ALL SELECT 4, 'default of ' || quote_ident(attname) FROM pg_attribute WHERE "
    "attrelid = t.oid AND attnum > 0 AND (atthasdef OR attidentity <> '') "
    "UNION ALL SELECT 5, 'trigger ' || quote_ident(tgname) FROM pg_trigger WHERE "
    "tgrelid = t.oid AND NOT tgisinternal "
    "UNION ALL SELECT 6, 'rule ' || quote_ident(rulename) FROM pg_rewrite WHERE "
    "ev_class = t.oid "
    "UNION ALL SELECT 7, 'grant of ' || a.privilege_type || ' to ' || "
    "coalesce(r.rolname, 'public') FROM pg_class c, aclexplode(c.relacl) a LEFT JOIN "
    "pg_roles r ON r.oid = a.grantee WHERE c.oid = t.oid AND a.grantee <> c.relowner "
    "UNION ALL SELECT 8, 'grants on ' || quote_ident(attname) FROM pg_attribute WHERE "
    "attrelid = t.oid AND attacl IS NOT NULL "
    "UNION ALL SELECT 9, 'owner ' || pg_get_userbyid(relowner) FROM pg_class WHERE oid "
    "= t.oid "
    "UNION ALL SELECT 10, coalesce('comment on column ' || quote_ident(attname), "
    "'comment') FROM pg_description LEFT JOIN pg_attribute ON attrelid = objoid AND "
    "attnum = objsubid AND attnum > 0 WHERE classoid = 'pg_class'::regclass AND objoid "
    "= t.oid "
    "UNION ALL SELECT 11, 'statistics ' || quote_ident(stxname) FROM pg_statistic_ext "
    "WHERE stxrelid = t.oid";

}  // namespace

std::string PostgresValue(Connection& connection, const std::string& sql,
                          const std::string& doing) {
  Statement statement(connection, doing, Stop::kNever);
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

bool PostgresDialect::HasSchema(Connection& connection, const Relation& relation,
                                const std::string& doing) const {
  if (relation.schema.empty()) return true;
  const std::string schema = names().Part(relation.schema, relation.quote_schema);
  return PostgresValue(connection,
                       Text("SELECT (to_regnamespace(", PostgresLiteral(schema),
                            ") IS NOT NULL)::int"),
                       doing) == "1";
}

// As the search path has it, whichever of its schemas the table is in.
Relation PostgresDialect::Locate(Connection& connection, const Relation& relation,
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
RelationKind PostgresDialect::Find(Connection& connection, const Relation& relation,
                                   const std::string& doing) const {
  return KindOf(PostgresValue(
      connection,
      Text("SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(",
           PostgresLiteral(Name(relation)), ")"),
      doing));
}

// Views hang on the rules that rewrite them.
std::vector<DependentView> PostgresDialect::Views(Connection& connection,
                                                  const Relation& relation,
                                                  const std::string& doing) const {
  Statement statement(connection, doing);
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
std::vector<Leftover> PostgresDialect::Leftovers(Connection& connection,
                                                 const Relation& relation,
                                                 const std::string& doing) const {
  const std::string schema =
      PostgresLiteral(names().Stored(relation.schema, relation.quote_schema));
  Statement statement(connection, doing);
  statement.ExecuteDirect(Text(
      "SELECT c.relname, c.relkind, (SELECT string_agg(DISTINCT coalesce("
      "r.ev_class::regclass::text, pg_describe_object(d.classid, d.objid, d.objsubid)), "
      "', ') FROM pg_depend d LEFT JOIN pg_rewrite r ON d.classid = "
      "'pg_rewrite'::regclass AND r.oid = d.objid WHERE d.refclassid = "
      "'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype = 'n' AND r.ev_class IS "
      "DISTINCT FROM c.oid) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
      "n.oid = c.relnamespace WHERE n.nspname = ",
      schema,
      " AND c.relname ~ '^aft_(staging|old)_[0-9a-f]{16}$' AND c.relkind IN ('r', 'v', "
      "'m') AND pg_has_role(c.relowner, 'USAGE')"));
  std::vector<Leftover> found;
  while (statement.Fetch()) {
    Relation left = relation;
    left.identifier = statement.Text(1).value_or("");
    left.quote_identifier = true;
    found.push_back(
        {left, KindOf(statement.Text(2).value_or("")), statement.Text(3).value_or("")});
  }
  return found;
}

bool PostgresDialect::HasBelongings(Connection& connection, const Relation& relation,
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
      "c.relpersistence <> 'p' OR c.relreplident <> 'd' OR "
      "EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) OR c.reltablespace <> "
      "0 OR "
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

std::vector<std::string> PostgresDialect::Belongings(Connection& connection,
                                                     const Relation& relation,
                                                     const std::string& doing) const {
  Statement statement(connection, doing);
  statement.ExecuteDirect(Text("SELECT b.words FROM (SELECT CAST(",
                               PostgresLiteral(Name(relation)),
                               " AS regclass)::oid AS oid) t, LATERAL (", kBelongings,
                               kStorage, ") b (place, words) ORDER BY b.place, b.words"));
  std::vector<std::string> belongings;
  while (statement.Fetch()) belongings.push_back(statement.Text(1).value_or(""));
  return belongings;
}

// A new table would lack partitions, and show rows that policies hide.
std::string PostgresDialect::RemovalBlocker(Connection& connection,
                                            const Relation& relation, Removal removal,
                                            const std::string& doing) const {
  const std::string table =
      Text("CAST(", PostgresLiteral(Name(relation)), " AS regclass)");
  // The server itself sees to it that no row is left without the one it refers to.
  const std::string_view which = removal == Removal::kTable ? " AND conrelid <> confrelid"
                                 : removal == Removal::kAllRows
                                     ? " AND conrelid <> confrelid AND confdeltype IN "
                                       "('c', 'n', 'd')"
                                     : " AND confdeltype IN ('c', 'n', 'd')";
  return PostgresValue(
      connection,
      Text(
          "SELECT CASE WHEN conrelid = confrelid THEN 'its own rows refer to others' "
          "ELSE 'table ' || conrelid::regclass::text || ' refers to it' END || ' by the "
          "foreign key ' || quote_ident(conname) FROM pg_constraint k JOIN pg_class t ON "
          "t.oid = confrelid WHERE contype = 'f' AND (conparentid = 0 OR "
          "t.relispartition)",
          which, " AND confrelid = ", table,
          " UNION ALL SELECT 'table ' || i.inhrelid::regclass::text || ' inherits "
          "from it' FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent "
          "WHERE c.relkind = 'r' AND i.inhparent = ",
          table, removal == Removal::kTable ? Guards(table) : "", " LIMIT 1"),
      doing);
}

// By a rule, or a trigger before each row, which may be one of a partition's partition.
bool PostgresDialect::SkipsRows(Connection& connection, const Relation& relation,
                                bool updates, const std::string& doing) const {
  const std::string_view rules = updates ? "'2', '3'" : "'3'";
  // For each row, before it, and for INSERT or UPDATE.
  const std::string_view events = updates ? "20" : "4";
  return PostgresValue(
             connection,
             Text("WITH RECURSIVE tables (oid) AS (SELECT CAST(CAST(",
                  PostgresLiteral(Name(relation)),
                  " AS regclass) AS oid) UNION ALL SELECT inhrelid FROM pg_inherits JOIN "
                  "tables ON inhparent = tables.oid) SELECT (EXISTS (SELECT FROM "
                  "pg_rewrite "
                  "JOIN tables ON ev_class = tables.oid WHERE ev_type IN (",
                  rules,
                  ")) OR EXISTS (SELECT FROM pg_trigger JOIN tables ON tgrelid = "
                  "tables.oid WHERE NOT tgisinternal AND (tgtype & 3) = 3 AND (tgtype & ",
                  events, ") <> 0))::int"),
             doing) == "1";
}

bool PostgresDialect::MayMakeTemporary(Connection& connection, const Relation&,
                                       const std::string& doing) const {
  return PostgresValue(
             connection,
             "SELECT has_database_privilege(current_database(), 'TEMPORARY')::int",
             doing) == "1";
}

}  // namespace aft
