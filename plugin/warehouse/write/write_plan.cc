// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/write_plan.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

std::string Names(const std::vector<TableColumn>& columns) {
  std::string names;
  for (const TableColumn& column : columns) {
    names += Text(names.empty() ? "'" : ", '", column.name, "'");
  }
  return names;
}

bool IsView(RelationKind kind) {
  return kind == RelationKind::kView || kind == RelationKind::kMaterializedView;
}

[[noreturn]] void RefuseRequest(const WriteRequest& request, const std::string& reason) {
  throw Error(Text("cannot ", Describe(request), ": ", reason));
}

class Planner {
 public:
  Planner(const WriteRequest& request, const std::vector<TableColumn>& columns,
          const WriteTarget& target, const std::string& staging_name,
          const WriteStatements& statements)
      : request_(request),
        columns_(columns),
        target_(target),
        staging_name_(staging_name),
        statements_(statements) {}

  WritePlan Plan() {
    CheckRequest(request_, columns_, statements_.names());
    if (request_.mode != WriteMode::kOverwrite && IsView(target_.kind)) {
      Refuse("it is a view, which takes no rows; overwrite it or choose another name");
    }
    if (request_.keeps_views && IsView(target_.kind)) {
      Refuse(
          "it is a view, which a table would replace; drop it, or write to the table "
          "that "
          "it reads");
    }
    for (const TableColumn& column : columns_) plan_.columns.push_back(column.name);
    const bool is_missing = target_.kind == RelationKind::kMissing;
    if (request_.mode == WriteMode::kOverwrite) {
      KeepsTarget() ? ReplaceRows() : SwapIn();
    } else if (is_missing) {
      // Where making a table commits, a new one is filled before it can be seen.
      const bool is_seen = !statements_.has_transactional_ddl();
      is_seen || HasKey(request_.mode) ? SwapIn() : MakeAndFill();
    } else {
      AddRows();
    }
    return std::move(plan_);
  }

 private:
  [[noreturn]] void Refuse(const std::string& reason) const {
    RefuseRequest(request_, reason);
  }

  [[nodiscard]] const TableColumn* Find(const std::vector<TableColumn>& columns,
                                        const std::string& name) const {
    return FindColumn(columns, name, statements_.names());
  }

  [[nodiscard]] bool KeepsTarget() const {
    return target_.has_belongings && target_.has_types && TakesFrame();
  }

  /// True where the old table's columns are for the frame's.
  [[nodiscard]] bool TakesFrame() const {
    if (target_.kind != RelationKind::kTable || !target_.fits) return false;
    return std::all_of(target_.columns.begin(), target_.columns.end(),
                       [this](const TableColumn& column) {
                         return column.is_filled ||
                                Find(columns_, column.name) != nullptr;
                       });
  }

  void ReplaceRows() {
    RefuseDependentRows();
    plan_.before = statements_.Clear(request_.relation);
    plan_.load = request_.relation;
    plan_.makes_load = false;
    plan_.counts_rows = true;
    TellLacking();
    Finish(request_.if_kept);
    Finish(request_.then);
  }

  void TellLacking() {
    std::string statements;
    for (const std::string& statement : request_.if_kept) {
      statements += (statements.empty() ? "" : "; ") + statement;
    }
    if (statements.empty()) return;
    plan_.notices.push_back(Text(
        Describe(request_.relation),
        " did not have all that dbt's configuration asks for, so aft ran: ", statements,
        "; what it had already stays"));
  }

  void Finish(const std::vector<std::string>& statements) {
    for (const std::string& statement : statements) {
      plan_.publish.push_back({statement, ""});
    }
  }

  void RefuseDependentRows() const {
    if (target_.delete_blocker.empty()) return;
    Refuse(target_.delete_blocker +
           "; without its old rows, those would be deleted or changed as well");
  }

  void SwapIn() {
    if (!target_.drop_blocker.empty()) {
      Refuse(target_.drop_blocker + ", and its columns are others now");
    }
    const Relation staging = Beside(request_.relation, staging_name_);
    plan_.before = {{CreateNew(staging), ""}};
    plan_.staging = plan_.load = staging;
    plan_.drop_staging = "DROP TABLE " + statements_.names().Name(staging);
    plan_.counts_rows = true;
    std::vector<std::string> then = request_.if_new;
    then.insert(then.end(), request_.then.begin(), request_.then.end());
    if (target_.views.empty()) {
      plan_.publish = statements_.Swap(staging, request_.relation, target_.kind, then);
    } else {
      plan_.publish = SetAside(staging);
      Finish(then);
    }
    CheckKeys(KeyOf(columns_));
  }

  [[nodiscard]] std::string CreateNew(const Relation& staging) const {
    const bool is_copy = target_.is_copyable && request_.renewed.empty() &&
                         request_.column_types.empty() && TakesFrame();
    return is_copy ? statements_.CreateCopy(staging, request_.relation)
                   : statements_.Create(staging, columns_, target_.options);
  }

  /// Views that this run builds anew read the old rows until then. dbt would not find
  /// them if they were dropped.
  std::vector<WriteStep> SetAside(const Relation& staging) {
    std::string views;
    for (const DependentView& view : target_.views) {
      const std::string name = Describe(Relation{"", view.schema, view.identifier});
      if (!IsRebuilt(view)) {
        Refuse(Text(view.is_materialized ? "materialized view " : "view ", name,
                    " depends on its old columns, and this run does not build it anew; "
                    "drop it, or build it in the same run"));
      }
      views += (views.empty() ? "" : ", ") + name;
    }
    plan_.notices.push_back(Text(Describe(request_.relation),
                                 " has other columns now: until this run has built ",
                                 "them anew, these views have the old rows: ", views));
    return statements_.SetAside(staging, request_.relation);
  }

  [[nodiscard]] bool IsRebuilt(const DependentView& view) const {
    const SqlNames& names = statements_.names();
    return !view.is_materialized &&
           std::any_of(request_.rebuilt.begin(), request_.rebuilt.end(),
                       [&](const Relation& relation) {
                         return names.Stored(relation.schema, relation.quote_schema) ==
                                    view.schema &&
                                names.Stored(relation.identifier,
                                             relation.quote_identifier) ==
                                    view.identifier;
                       });
  }

  void MakeAndFill() {
    plan_.before = {
        {statements_.Create(request_.relation, columns_, target_.options), ""}};
    plan_.load = request_.relation;
    Finish(request_.if_new);
    Finish(request_.then);
  }

  void AddRows() {
    if (request_.mode == WriteMode::kDeleteInsert) RefuseDependentRows();
    const std::vector<TableColumn> matched = MatchColumns();
    // While rows come, others may read a table whose columns change, such as the frame.
    const bool is_direct = added_.empty() && dropped_.empty() && !HasKey(request_.mode);
    if (is_direct) {
      plan_.load = request_.relation;
    } else {
      MergeRows(matched);
    }
  }

  void MergeRows(const std::vector<TableColumn>& matched) {
    const Relation staging = Beside(request_.relation, staging_name_);
    const bool is_temporary = target_.may_make_temporary;
    Merge merge{is_temporary ? statements_.Temporary(staging) : staging,
                request_.relation,
                KeyOf(matched),
                {},
                is_temporary};
    for (const TableColumn& column : matched) {
      if (Find(merge.key, column.name) == nullptr) merge.values.push_back(column);
    }
    plan_.staging = plan_.load = merge.staging;
    plan_.merged = matched;
    plan_.is_temporary = merge.is_temporary;
    plan_.drop_staging = statements_.DropStaging(merge);
    plan_.before = statements_.CreateLike(merge, added_);
    plan_.counts_rows = true;
    CheckKeys(merge.key);
    Publish(std::move(merge));
  }

  void Publish(Merge merge) {
    for (const TableColumn& column : added_) {
      plan_.publish.push_back(statements_.AddColumn(request_.relation, column));
    }
    merge.values.insert(merge.values.end(), added_.begin(), added_.end());
    if (!merge.key.empty()) ReplaceByKey(merge);
    std::vector<WriteStep> inserts = {
        {statements_.Insert(merge), "", /*is_atomic=*/false, /*places_rows=*/true}};
    if (request_.mode == WriteMode::kUpsert) inserts = statements_.InsertNew(merge);
    for (WriteStep& step : inserts) plan_.publish.push_back(std::move(step));
    DropLast({plan_.drop_staging, ""});
    for (const TableColumn& column : dropped_) {
      DropLast({statements_.DropColumn(request_.relation, column),
                ColumnsNotice("dropped from the table", {column})});
    }
  }

  void ReplaceByKey(const Merge& merge) {
    for (WriteStep& step : statements_.PrepareMerge(merge)) {
      plan_.publish.push_back(std::move(step));
    }
    if (request_.mode == WriteMode::kDeleteInsert) {
      plan_.publish.push_back({statements_.Delete(merge), ""});
    } else if (!merge.values.empty()) {
      plan_.publish.push_back({statements_.Update(merge), "", /*is_atomic=*/false,
                               /*places_rows=*/statements_.CountsFoundRows()});
    }
  }

  /// Where that commits, it can't be taken back, and waits until the rows are there.
  void DropLast(FinalStep step) {
    if (!statements_.has_transactional_ddl()) {
      plan_.after.push_back(std::move(step));
      return;
    }
    plan_.publish.push_back({step.statement, ""});
    if (!step.notice.empty()) plan_.notices.push_back(std::move(step.notice));
  }

  /// The columns of the key, as `columns` has them.
  [[nodiscard]] std::vector<TableColumn> KeyOf(
      const std::vector<TableColumn>& columns) const {
    std::vector<TableColumn> key;
    for (const std::string& name : request_.unique_key) {
      const TableColumn* const column = Find(columns, name);
      if (column == nullptr) {
        Refuse(
            Text("unique_key names a column '", name, "', which the table doesn't have"));
      }
      if (Find(key, name) == nullptr) key.push_back(*column);
    }
    return key;
  }

  void CheckKeys(const std::vector<TableColumn>& key) {
    if (key.empty()) return;
    std::string names;
    std::string has_null;
    for (const TableColumn& column : key) {
      const std::string name = statements_.names().Quote(column.name);
      names += (names.empty() ? "" : ", ") + name;
      has_null += (has_null.empty() ? "" : " OR ") + name + " IS NULL";
      plan_.key.push_back(column.name);
    }
    const std::string select =
        Text("SELECT ", names, " FROM ", statements_.names().Name(plan_.load));
    plan_.key_checks = {{Text(select, " WHERE ", has_null), "has a NULL in its key"},
                        {Text(select, " GROUP BY ", names, " HAVING count(*) > 1"),
                         "is there more than once"}};
  }

  /// The table's columns that the frame's rows go to, and what becomes of the others.
  std::vector<TableColumn> MatchColumns() {
    std::vector<TableColumn> matched;
    for (const TableColumn& column : columns_) {
      const TableColumn* const match = Find(target_.columns, column.name);
      match == nullptr ? TakeNew(column) : matched.push_back(*match);
    }
    for (const TableColumn& column : target_.columns) {
      if (!column.is_filled && Find(columns_, column.name) == nullptr) LeaveOut(column);
    }
    if (matched.empty()) Refuse("the frame has none of the table's columns");
    if (!added_.empty()) Tell("added to the table", added_);
    if (!ignored_.empty()) Tell("left out: the table doesn't have them", ignored_);
    if (!left_null_.empty()) {
      plan_.notices.push_back(
          Text(Describe(request_.relation), " gets NULL in new rows",
               " for columns that the frame doesn't have: ", Names(left_null_)));
    }
    return matched;
  }

  void TakeNew(const TableColumn& column) {
    switch (request_.schema_change) {
      case SchemaChange::kRefuseNew:
      case SchemaChange::kFail:
        Refuse(Text("the table has no column '", column.name,
                    "'; add it, leave it out of the frame, or choose another "
                    "on_schema_change"));
      case SchemaChange::kIgnore:
        std::erase(plan_.columns, column.name);
        ignored_.push_back(column);
        return;
      case SchemaChange::kAppendNewColumns:
      case SchemaChange::kSyncAllColumns:
        added_.push_back(column);
    }
  }

  void LeaveOut(const TableColumn& column) {
    if (request_.schema_change == SchemaChange::kFail) {
      Refuse(Text("the frame has no column '", column.name,
                  "', which the table has; add it to the frame, or choose another "
                  "on_schema_change"));
    }
    const bool is_dropped = request_.schema_change == SchemaChange::kSyncAllColumns;
    (is_dropped ? dropped_ : left_null_).push_back(column);
  }

  void Tell(std::string_view what, const std::vector<TableColumn>& columns) {
    plan_.notices.push_back(ColumnsNotice(what, columns));
  }

  [[nodiscard]] std::string ColumnsNotice(std::string_view what,
                                          const std::vector<TableColumn>& columns) const {
    return Text("on_schema_change for ", Describe(request_.relation), ": ", what, ": ",
                Names(columns));
  }

  const WriteRequest& request_;
  const std::vector<TableColumn>& columns_;
  const WriteTarget& target_;
  const std::string& staging_name_;
  const WriteStatements& statements_;
  std::vector<TableColumn> added_;
  std::vector<TableColumn> dropped_;
  std::vector<TableColumn> ignored_;
  std::vector<TableColumn> left_null_;
  WritePlan plan_;
};

}  // namespace

void CheckRequest(const WriteRequest& request, const std::vector<TableColumn>& columns,
                  const SqlNames& names) {
  const bool needs_key = HasKey(request.mode);
  if (needs_key == request.unique_key.empty()) {
    RefuseRequest(request,
                  needs_key ? "it takes a unique_key, the columns that rows are found by"
                            : "unique_key is for the modes 'upsert' and 'delete+insert'");
  }
  for (const std::string& name : request.unique_key) {
    if (FindColumn(columns, name, names) != nullptr) continue;
    RefuseRequest(request, Text("unique_key names a column '", name,
                                "', which the frame doesn't have"));
  }
}

WritePlan PlanWrite(const WriteRequest& request, const std::vector<TableColumn>& columns,
                    const WriteTarget& target, const std::string& staging_name,
                    const WriteStatements& statements) {
  return Planner(request, columns, target, staging_name, statements).Plan();
}

}  // namespace aft
