// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugin/warehouse/values/relation.h"

namespace aft {

enum class WriteMode { kOverwrite, kAppend, kUpsert, kDeleteInsert };

/// What becomes of a table whose columns are not the frame's, as dbt has it. What the
/// database fills by itself may always be missing in the frame.
enum class SchemaChange {
  kRefuseNew,  ///< columns that the frame leaves out become NULL
  kFail,
  kIgnore,
  kAppendNewColumns,
  kSyncAllColumns,
};

struct WriteRequest {
  Relation relation;
  WriteMode mode = WriteMode::kOverwrite;
  /// Types of new columns in SQL, by the columns' names; others follow the dialect.
  std::map<std::string, std::string> column_types;
  /// A table that stays need not have these types, nor the frame all these columns.
  bool types_are_declared = false;
  /// Statements for a table that was made or overwritten, and, before them, those for a
  /// new one alone, or for an overwritten one that stays.
  std::vector<std::string> if_new;
  std::vector<std::string> if_kept;
  std::vector<std::string> then;
  /// What belongs to the old table and not to a new one, on purpose, in the words of
  /// Dialect::Belongings().
  std::vector<std::string> given_up;
  /// Columns whose precision and scale are guessed from the frame's values.
  std::vector<std::string> guessed_decimals;
  /// Columns that don't keep the type of the table that is overwritten.
  std::vector<std::string> renewed;
  /// The columns by which rows of the frame and of the table are the same.
  std::vector<std::string> unique_key;
  /// An overwrite leaves a view alone instead of putting a table in its place.
  bool keeps_views = false;
  /// Views that are built anew on the table right after it.
  std::vector<Relation> rebuilt;
  /// Of a table that stays.
  SchemaChange schema_change = SchemaChange::kRefuseNew;
};

/// True for the modes that replace rows by their key.
inline bool HasKey(WriteMode mode) {
  return mode == WriteMode::kUpsert || mode == WriteMode::kDeleteInsert;
}

/// True for the policies that add columns to the table.
inline bool MayChangeColumns(SchemaChange change) {
  return change == SchemaChange::kAppendNewColumns ||
         change == SchemaChange::kSyncAllColumns;
}

/// What a write does, as messages have it: "append to 'main.orders'".
std::string Describe(const WriteRequest& request);

}  // namespace aft
