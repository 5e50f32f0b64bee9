// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/warehouse/dialects/column_type.h"
#include "plugin/warehouse/dialects/sql_names.h"

namespace aft {

/// A column of a table as it is declared.
struct TableColumn {
  TableColumn(std::string column, std::string sql_type, const ColumnType& parsed = {})
      : name(std::move(column)), type_name(std::move(sql_type)), type(parsed) {}

  std::string name;
  std::string type_name;
  ColumnType type;
  /// Of PostgreSQL's columns that texts don't go into by themselves: the SQL name of the
  /// type to cast them to.
  std::string cast;
  /// The database fills it where rows come without: it counts, is generated, or has a
  /// default.
  bool is_filled = false;
  /// It puts a value of its own in the place of a NULL as well.
  bool replaces_null = false;
  /// What declares a new column of the same type; nothing where that isn't known.
  std::optional<std::string> declaration;
};

/// The column that the database takes for one of that name, or null.
inline const TableColumn* FindColumn(const std::vector<TableColumn>& columns,
                                     std::string_view name, const SqlNames& names) {
  const auto found = std::find_if(
      columns.begin(), columns.end(),
      [&](const TableColumn& column) { return names.IsSameColumn(column.name, name); });
  return found == columns.end() ? nullptr : &*found;
}

/// A view that reads a table, or another such view.
struct DependentView {
  std::string schema;
  std::string identifier;
  /// It keeps its rows, and dbt does not make it anew while its definition stays.
  bool is_materialized = false;
};

}  // namespace aft
