// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/warehouse/dialects/table_column.h"
#include "plugin/warehouse/values/relation.h"

namespace aft {

/// A statement of a write, and the one that takes it back where no rollback does; ""
/// where that isn't needed or can't be.
struct WriteStep {
  std::string statement;
  std::string undo;
  /// After a refusal nothing of it is done, and what `undo` would remove is somebody
  /// else's.
  bool is_atomic = false;
  /// The rows of staging that have found their place are those that all such steps count.
  bool places_rows = false;
};

/// Rows in a staging table on their way into a target, by their key.
struct Merge {
  Relation staging;
  Relation target;
  std::vector<TableColumn> key;
  /// The other columns that are written.
  std::vector<TableColumn> values;
  /// The staging table is the session's own, and ends with it.
  bool is_temporary = false;
};

}  // namespace aft
