// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aft {

/// How a database reads a name without quotes.
enum class NameFolding {
  kLower,    ///< as PostgreSQL; quoted names keep their case
  kUpper,    ///< as Snowflake and Oracle; likewise
  kIgnored,  ///< the case of no name matters, as on SQLite
};

/// The folding of the database that dbt's adapter of this type talks to.
NameFolding FoldingOf(std::string_view adapter_type);

/// The name of a table, as SQL or dbt's manifest gives it.
struct TableName {
  struct Part {
    std::string text;
    bool is_quoted = false;
  };
  std::vector<Part> parts;  ///< the last one is the table's own name

  /// As SQL has it, with double quotes.
  [[nodiscard]] std::string Text() const;
};

/// Whether both mean one table, by the parts that both have. PostgreSQL and its like look
/// for a name without a schema elsewhere than dbt does, unless dbt's schema is "public".
bool IsSameTable(const TableName& a, const TableName& b, NameFolding folding);

/// Whether both tables have the same name of their own, in whatever schema.
bool HaveSameOwnName(const TableName& a, const TableName& b, NameFolding folding);

/// A name by its parts: `main."orders"`.
TableName ParseTableName(std::string_view text);

/// The tables that `sql` selects from, in the order of the text. Names that it defines
/// itself (`with`) are left out, and so is what stands in comments and literals.
std::vector<TableName> TablesIn(std::string_view sql);

}  // namespace aft
