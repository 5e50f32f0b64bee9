// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "plugin/warehouse/odbc/connection.h"
#include "plugin/warehouse/values/relation.h"

namespace aft {

/// What becomes of the letters of a name without quotes.
enum class Folding { kNone, kLower, kUpper };

/// How a database writes names in SQL.
struct SqlNames {
  std::string quote = "\"";
  std::string catalog_separator = ".";
  bool has_schemas = true;
  bool has_catalogs = false;
  /// Columns whose names differ in their case only are one.
  bool folds_columns = false;
  Folding folding = Folding::kNone;
  /// The longest identifier that the database keeps whole, in bytes; 0 where it refuses
  /// longer ones by itself.
  size_t longest_identifier = 0;

  /// The identifier between quotes. Refuses what no database takes.
  [[nodiscard]] std::string Quote(std::string_view identifier) const;
  /// A part of a name, quoted or bare.
  [[nodiscard]] std::string Part(std::string_view name, bool is_quoted) const;
  /// The part as the database keeps it.
  [[nodiscard]] std::string Stored(std::string_view name, bool is_quoted) const;
  /// A relation's full name.
  [[nodiscard]] std::string Name(const Relation& relation) const;
  /// The part of a relation's name that stands for ODBC's catalog, or for its schema.
  [[nodiscard]] std::string Catalog(const Relation& relation) const;
  [[nodiscard]] std::string Schema(const Relation& relation) const;
  /// True where the database takes the two for one column of a table.
  [[nodiscard]] bool IsSameColumn(std::string_view one, std::string_view other) const;

 private:
  void CheckLength(std::string_view identifier) const;
};

/// A text as a literal, where a backslash stands for itself.
std::string Literal(std::string_view text);

/// By what the driver says.
SqlNames NamesOf(const odbc::Connection& connection);

}  // namespace aft
