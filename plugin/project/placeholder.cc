// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/placeholder.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <regex>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"

namespace aft {
namespace {

namespace json = boost::json;

/// How dbt writes the names of tables.
class Quoting {
 public:
  /// As some relation's name shows, and as newer manifests say.
  explicit Quoting(const json::object& root) {
    ReadFromSomeName(root);
    if (const json::object* metadata = ObjectAt(root, "metadata"))
      if (const json::object* quoting = ObjectAt(*metadata, "quoting"))
        for (const auto& [kind, is_quoted] : *quoting) defaults_[kind] = is_quoted;
  }

  /// Not on SQLite and MariaDB.
  [[nodiscard]] bool has_database() const { return has_database_; }

  /// Whether a kind of name is quoted: "database", "schema" or "identifier".
  [[nodiscard]] bool IsQuoted(const json::object& node, const char* kind) const {
    const json::object* config = ObjectAt(node, "config");
    const json::object* own = config == nullptr ? nullptr : ObjectAt(*config, "quoting");
    for (const json::object* quoting : {own, &defaults_}) {
      const json::value* value =
          quoting == nullptr ? nullptr : quoting->if_contains(kind);
      if (value != nullptr && value->is_bool()) return value->as_bool();
    }
    return true;
  }

 private:
  void ReadFromSomeName(const json::object& root) {
    const json::object* nodes = ObjectAt(root, "nodes");
    if (nodes == nullptr) return;
    for (const auto& [id, node] : *nodes) {
      const std::string name =
          node.is_object() ? StringAt(node.as_object(), "relation_name") : "";
      if (name.empty()) continue;
      const TableName table = ParseTableName(name);
      has_database_ = table.parts.size() > 2;
      constexpr std::array<const char*, 3> kKinds = {"identifier", "schema", "database"};
      for (std::size_t i = 0; i < std::min(table.parts.size(), kKinds.size()); ++i)
        defaults_[kKinds[i]] = table.parts[table.parts.size() - 1 - i].is_quoted;
      return;
    }
  }

  json::object defaults_;
  bool has_database_ = true;
};

TableName TableOf(const json::object& node, const Quoting& quoting) {
  TableName table;
  const auto add = [&](const char* kind, const std::string& text) {
    if (!text.empty()) table.parts.push_back({text, quoting.IsQuoted(node, kind)});
  };
  if (quoting.has_database()) add("database", StringAt(node, "database"));
  add("schema", StringAt(node, "schema"));
  const std::string alias = StringAt(node, "alias");
  add("identifier", alias.empty() ? StringAt(node, "name") : alias);
  return table;
}

bool Reads(const std::string& sql, const TableName& table, NameFolding folding) {
  const std::vector<TableName> tables = TablesIn(sql);
  return std::any_of(tables.begin(), tables.end(), [&](const TableName& read) {
    return IsSameTable(read, table, folding);
  });
}

const std::regex& ThisPattern() {
  // In words, as aft generates it: dbt 2 takes the short form for the model's own query.
  static const std::regex kThis(
      R"(\{\{-?\s*(this|api\.Relation\.create\(database=this\.database, )"
      R"(schema=this\.schema, identifier=this\.identifier\))\s*-?\}\})");
  return kThis;
}

/// The SQL of a model as far as its text alone tells it: where it has no other Jinja than
/// references and settings, or reads from `{{ this }}`, dbt's name for its own table.
std::optional<std::string> SqlOf(const json::object& node, const Placeholder& of) {
  // What dbt 1.x reads from; a function, so that it counts as no table.
  static const std::regex kReferences(R"(\{\{-?\s*(ref|source)\s*\([^{}]*\)\s*-?\}\})");
  static const std::regex kSettings(
      R"(\{#[^]*?#\}|\{\{-?\s*config\s*\([^{}]*\)\s*-?\}\})");
  std::string sql = StringAt(node, "raw_code");
  // dbt 2 has this in place of any SQL.
  if (sql == "--placeholder--") return std::nullopt;
  sql = std::regex_replace(sql, kSettings, " ");
  sql = std::regex_replace(sql, kReferences, " dbt_ref() ");
  sql = std::regex_replace(sql, ThisPattern(), of.table.Text());
  const bool has_jinja = sql.find("{{") != sql.npos || sql.find("{%") != sql.npos;
  if (has_jinja && !Reads(sql, of.table, of.folding)) return std::nullopt;
  return sql;
}

Placeholder ReadPlaceholder(const std::string& id, const json::object& node,
                            const Quoting& quoting, NameFolding folding) {
  Placeholder placeholder;
  placeholder.node = id;
  placeholder.name = StringAt(node, "name");
  placeholder.file = StringAt(node, "original_file_path");
  // (dbt-core, nodes.py: get_target_write_path)
  placeholder.compiled_file =
      Text("compiled/", StringAt(node, "package_name"), "/", placeholder.file);
  placeholder.table = TableOf(node, quoting);
  placeholder.folding = folding;
  placeholder.sql = SqlOf(node, placeholder);
  return placeholder;
}

std::string TablesInWords(const std::vector<TableName>& tables) {
  constexpr std::size_t kMost = 3;
  if (tables.empty()) return "no table";
  std::string words;
  for (std::size_t i = 0; i < std::min(tables.size(), kMost); ++i)
    words += (i == 0 ? "" : ", ") + tables[i].Text();
  return tables.size() > kMost ? words + ", …" : words;
}

}  // namespace

std::vector<Placeholder> ReadPlaceholders(const json::object& root,
                                          const std::vector<std::string>& ids) {
  std::vector<Placeholder> placeholders;
  const json::object* nodes = ObjectAt(root, "nodes");
  if (ids.empty() || nodes == nullptr) return placeholders;
  const Quoting quoting(root);
  const json::object* metadata = ObjectAt(root, "metadata");
  const NameFolding folding =
      FoldingOf(metadata == nullptr ? "" : StringAt(*metadata, "adapter_type"));
  for (const std::string& id : ids)
    if (const json::object* node = ObjectAt(*nodes, id))
      placeholders.push_back(ReadPlaceholder(id, *node, quoting, folding));
  return placeholders;
}

std::vector<Placeholder> ReadUnscripted(const json::object& root,
                                        const std::string& package,
                                        const std::set<std::string>& bound) {
  std::vector<Placeholder> placeholders;
  std::vector<std::string> ids;
  const json::object* nodes = ObjectAt(root, "nodes");
  if (nodes == nullptr) return placeholders;
  for (const auto& [id, entry] : *nodes) {
    const json::object* node = entry.if_object();
    const json::object* config = node == nullptr ? nullptr : ObjectAt(*node, "config");
    if (config != nullptr && StringAt(*config, "materialized") == "ephemeral" &&
        StringAt(*node, "package_name") == package && !bound.contains(id) &&
        std::regex_search(StringAt(*node, "raw_code"), ThisPattern()))
      ids.emplace_back(id);
  }
  placeholders = ReadPlaceholders(root, ids);
  std::erase_if(placeholders, [](const Placeholder& placeholder) {
    // What stands between "{%" may leave it out: is_incremental() does, of such a model.
    return !placeholder.sql || placeholder.sql->find("{%") != std::string::npos ||
           !Reads(*placeholder.sql, placeholder.table, placeholder.folding);
  });
  return placeholders;
}

PlaceholderVerdict Judge(const Placeholder& placeholder, const std::string& sql,
                         const TableWrites& writes) {
  const TableName& table = placeholder.table;
  const std::vector<TableName> tables = TablesIn(sql);
  const auto reads = [&](const auto& is_meant) {
    return std::any_of(tables.begin(), tables.end(), [&](const TableName& read) {
      return is_meant(read, table, placeholder.folding);
    });
  };
  if (writes.has_written) {
    if (reads(IsSameTable)) return {};
    return {Text("a script of '", placeholder.name, "' has written ", table.Text(),
                 ", but ", placeholder.file, " selects from ", TablesInWords(tables),
                 "; let it say: select * from {{ this }}"),
            ""};
  }
  if (placeholder.may_leave_table || !reads(HaveSameOwnName)) return {};
  const std::string unwritten =
      Text("no script of '", placeholder.name, "' has written ", table.Text(), ", which ",
           placeholder.file, " selects from");
  if (!writes.can_write)
    return {Text(unwritten, ", and none of them can: call write_to_model() in one"), ""};
  if (writes.is_there == false)
    return {Text(unwritten, ", and there is no such table"), ""};
  return {"", Text(unwritten,
                   "; what is built on it gets the rows of an earlier run; say 'writes: "
                   "optional' beside 'scripts' if that is meant")};
}

}  // namespace aft
