// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugin/warehouse/dialects/table_column.h"
#include "plugin/warehouse/dialects/write_statements.h"
#include "plugin/warehouse/values/relation.h"
#include "plugin/warehouse/write/write_request.h"

namespace aft {

/// What is there of the relation that a write is to.
struct WriteTarget {
  RelationKind kind = RelationKind::kMissing;
  /// Of a table.
  std::vector<TableColumn> columns;
  /// More than its rows belongs to the table and would be lost with it.
  bool has_belongings = false;
  /// Rows on their way to it may wait in a table of the session's own.
  bool may_make_temporary = false;
  /// Its columns have the types that were asked for.
  bool has_types = true;
  /// What it has beside them, in words.
  std::vector<std::string> belongings;
  /// A new table may be made with all that.
  bool is_copyable = false;
  /// Every column of the frame is one for the table's column of that name.
  bool fits = false;
  /// That rows which stay refer to those that the write deletes, as words for people, or
  /// "".
  std::string delete_blocker;
  /// Why the table itself has to stay, as words for people, or "".
  std::string drop_blocker;
  /// Views that the database would not let the target go without.
  std::vector<DependentView> views;
  /// What a new table's definition ends with.
  std::string options;
};

/// A query that gives a row for each of the frame's keys that can't be one.
struct KeyCheck {
  std::string query;
  /// What is wrong with such a key.
  std::string refusal;
};

/// A statement that follows the commit, and what to tell the user once it has run.
struct FinalStep {
  std::string statement;
  std::string notice;
};

/// The statements of a write, in their order: those before the rows go to `load`, the
/// checks of what is there then, those that make it seen, the commit, and those after it.
struct WritePlan {
  /// A table beside the target that has to go, whatever happens; and the statement.
  std::optional<Relation> staging;
  std::string drop_staging;
  /// The session's own, which nobody else sees.
  bool is_temporary = false;
  std::vector<WriteStep> before;
  Relation load;
  /// The steps before the rows make `load`; they do not delete its rows, which would take
  /// long to do again.
  bool makes_load = true;
  /// The target's columns that rows go to from a staging table, which take less than its
  /// own.
  std::vector<TableColumn> merged;
  /// The columns of the frame that are written.
  std::vector<std::string> columns;
  /// Whether the table has the frame's rows and no others then.
  bool counts_rows = false;
  std::vector<std::string> key;
  std::vector<KeyCheck> key_checks;
  std::vector<WriteStep> publish;
  std::vector<FinalStep> after;
  /// What the user should know.
  std::vector<std::string> notices;
};

/// Throws an Error for what can't be written whatever the target is. `columns` are the
/// frame's.
void CheckRequest(const WriteRequest& request, const std::vector<TableColumn>& columns,
                  const SqlNames& names);

/// Plans a write. Asks nothing of a server. `columns` are the frame's, with the types of
/// new columns for them, and `staging_name` one that nobody else has. Throws an Error for
/// what can't be written.
WritePlan PlanWrite(const WriteRequest& request, const std::vector<TableColumn>& columns,
                    const WriteTarget& target, const std::string& staging_name,
                    const WriteStatements& statements);

/// The plan, a statement a line.
std::string ToText(const WritePlan& plan, const WriteStatements& statements);

}  // namespace aft
