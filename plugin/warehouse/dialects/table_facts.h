// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugin/warehouse/connection/connection.h"
#include "plugin/warehouse/dialects/table_column.h"
#include "plugin/warehouse/values/relation.h"

namespace aft {

/// Which part of a table a write removes.
enum class Removal { kSomeRows, kAllRows, kTable };

/// What a write that did not end has left.
struct Leftover {
  Relation relation;
  RelationKind kind = RelationKind::kTable;
  /// What depends on it, such as views, by their names; "" for nothing.
  std::string dependents;
};

/// What a write asks about the table that it goes to. By default, a database has none of
/// it.
class TableFacts {
 public:
  TableFacts() = default;
  TableFacts(const TableFacts&) = delete;
  TableFacts& operator=(const TableFacts&) = delete;
  virtual ~TableFacts() = default;

  /// Whether more than its rows belongs to a table, such as views, grants or indexes,
  /// which would be lost with it.
  [[nodiscard]] virtual bool HasBelongings(Connection&, const Relation&,
                                           const std::string& /*doing*/) const {
    return false;
  }
  /// What a table has beside its columns and rows, in words, that a new one in its place
  /// would not have.
  [[nodiscard]] virtual std::vector<std::string> Belongings(
      Connection&, const Relation&, const std::string& /*doing*/) const {
    return {};
  }
  /// Whether a table with all that belongs to that one takes what a new one would.
  [[nodiscard]] virtual bool IsCopyable(Connection&, const Relation&,
                                        const std::string& /*doing*/) const {
    return false;
  }
  /// Views that the database would not let a relation go without, the last first.
  [[nodiscard]] virtual std::vector<DependentView> Views(
      Connection&, const Relation&, const std::string& /*doing*/) const {
    return {};
  }
  /// What earlier writes have left beside the relation, where nobody but them can see a
  /// table of theirs that is still in use.
  [[nodiscard]] virtual std::vector<Leftover> Leftovers(
      Connection&, const Relation&, const std::string& /*doing*/) const {
    return {};
  }
  /// Why that part may not be removed, as words for people, or "". One reason is a
  /// foreign key by which rows that stay would be deleted or changed.
  [[nodiscard]] virtual std::string RemovalBlocker(Connection&, const Relation&, Removal,
                                                   const std::string& /*doing*/) const {
    return "";
  }
  /// Refuses a table to which an append could be left half done.
  virtual void CheckAppend(Connection&, const Relation&,
                           const std::string& /*doing*/) const {}
  /// What a new table's definition ends with.
  [[nodiscard]] virtual std::string TableOptions(Connection&, const Relation&,
                                                 const std::string& /*doing*/) const {
    return "";
  }
  /// Marks the staging table of that name as in use while the connection lasts, and
  /// removes those in its schema that nobody uses any more, where no rollback does that.
  virtual void ReserveStaging(Connection&, const Relation& /*staging*/,
                              const std::string& /*doing*/) const {}
  virtual void ReleaseStaging(Connection&, const Relation& /*staging*/) const {}
  /// Whether the session may make tables beside that one which nobody else sees and which
  /// end with it.
  [[nodiscard]] virtual bool MayMakeTemporary(Connection&, const Relation&,
                                              const std::string& /*doing*/) const {
    return false;
  }
  /// Whether the table's triggers or rules may leave out rows that are inserted, or
  /// updated where the write does that, without an error.
  [[nodiscard]] virtual bool SkipsRows(Connection&, const Relation&, bool /*updates*/,
                                       const std::string& /*doing*/) const {
    return false;
  }
  /// A number that grows by one with each row that this connection inserts into the
  /// table; nothing where only the driver tells of an INSERT how many it took.
  [[nodiscard]] virtual std::optional<int64_t> InsertCounter(
      Connection&, const Relation&, const std::string& /*doing*/) const {
    return std::nullopt;
  }
};

}  // namespace aft
