// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "plugin/warehouse/dialects/column_type.h"
#include "plugin/warehouse/values/value_type.h"

/// Declared types of SQLite's columns, which bind nothing: what they promise to their
/// readers, and what may be written under them without changing.
namespace aft {

/// A declared type as SQLite and its users read it.
struct SqliteType {
  ValueType type;
  /// The name says too little: each value has to.
  bool is_open = false;
};

/// Reads a column's declaration; the names that SQLite itself goes by stay in force.
SqliteType ReadSqliteType(std::string_view type_name);

/// The declaration that reads back as `type`, or "" for none.
std::string SqliteTypeName(const ValueType& type);
/// What a column so declared holds.
ColumnType SqliteColumnType(std::string_view type_name);

}  // namespace aft
