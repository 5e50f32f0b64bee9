// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/sql_names.h"

#include <algorithm>

#include "host_shim/error.h"
#include "plugin/warehouse/values/fold_case.h"

namespace aft {
namespace {

bool IsPlainWord(std::string_view name) {
  const auto may_start = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && may_start(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return may_start(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

std::string Literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

SqlNames NamesOf(const odbc::Connection& connection) {
  SqlNames names;
  const std::string quote = connection.InfoText(SQL_IDENTIFIER_QUOTE_CHAR);
  // A blank says that the database has no quotes; the standard's are the best guess.
  if (!quote.empty() && quote != " ") names.quote = quote;
  const std::string separator = connection.InfoText(SQL_CATALOG_NAME_SEPARATOR);
  if (!separator.empty()) names.catalog_separator = separator;
  names.has_schemas =
      (connection.InfoNumber(SQL_SCHEMA_USAGE) & SQL_SU_DML_STATEMENTS) != 0;
  names.has_catalogs =
      (connection.InfoNumber(SQL_CATALOG_USAGE) & SQL_CU_DML_STATEMENTS) != 0 &&
      connection.InfoNumber(SQL_CATALOG_LOCATION) == SQL_CL_START;
  const SQLUINTEGER folding = connection.InfoNumber(SQL_IDENTIFIER_CASE);
  if (folding == SQL_IC_LOWER) names.folding = Folding::kLower;
  if (folding == SQL_IC_UPPER) names.folding = Folding::kUpper;
  return names;
}

std::string SqlNames::Quote(std::string_view identifier) const {
  if (identifier.empty()) throw Error("cannot quote an identifier: it is empty");
  if (identifier.find('\0') != std::string_view::npos) {
    throw Error(Text("cannot quote identifier '",
                     identifier.substr(0, identifier.find('\0')),
                     "…': it holds a NUL character"));
  }
  CheckLength(identifier);
  std::string quoted = quote;
  for (const char c : identifier) {
    quoted += c;
    if (quote.size() == 1 && c == quote[0]) quoted += c;
  }
  return quoted + quote;
}

void SqlNames::CheckLength(std::string_view identifier) const {
  if (longest_identifier == 0 || identifier.size() <= longest_identifier) return;
  throw Error(Text("the identifier '", identifier, "' has ", identifier.size(),
                   " bytes, of which the database would keep ", longest_identifier,
                   "; choose a shorter one"));
}

std::string SqlNames::Part(std::string_view name, bool is_quoted) const {
  CheckLength(name);
  return !is_quoted && IsPlainWord(name) ? std::string(name) : Quote(name);
}

std::string SqlNames::Stored(std::string_view name, bool is_quoted) const {
  if (is_quoted || folding == Folding::kNone || !IsPlainWord(name)) {
    return std::string(name);
  }
  std::string stored = FoldCase(name);
  if (folding == Folding::kLower) return stored;
  std::transform(stored.begin(), stored.end(), stored.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  });
  return stored;
}

// What dbt calls a schema is the catalog of a database that has no schemas.
std::string SqlNames::Catalog(const Relation& relation) const {
  if (!has_catalogs) return "";
  const bool is_schema = !has_schemas && !relation.schema.empty();
  return is_schema ? relation.schema : relation.database;
}

std::string SqlNames::Schema(const Relation& relation) const {
  return has_schemas ? relation.schema : "";
}

std::string SqlNames::Name(const Relation& relation) const {
  std::string name;
  if (const std::string catalog = Catalog(relation); !catalog.empty()) {
    const bool is_quoted = has_schemas ? relation.quote_database : relation.quote_schema;
    name += Part(catalog, is_quoted) + catalog_separator;
  }
  if (has_schemas && !relation.schema.empty()) {
    name += Part(relation.schema, relation.quote_schema) + ".";
  }
  return name + Part(relation.identifier, relation.quote_identifier);
}

bool SqlNames::IsSameColumn(std::string_view one, std::string_view other) const {
  return folds_columns ? FoldCase(one) == FoldCase(other) : one == other;
}

}  // namespace aft
