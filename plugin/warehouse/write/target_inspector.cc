// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/target_inspector.h"

#include <algorithm>
#include <utility>

#include "plugin/warehouse/connection/transaction.h"
#include "plugin/warehouse/values/fold_case.h"
#include "plugin/warehouse/write/column_fit.h"
#include "plugin/warehouse/write/plan_runner.h"

namespace aft {
namespace {

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether the table's column has the type, and the collation, if any, of the other one.
bool IsOfType(const TableColumn& column, const TableColumn& asked) {
  const std::string type = FoldCase(asked.type_name);
  const std::string declared = FoldCase(asked.declaration.value_or(type));
  return FoldCase(column.type_name) == type &&
         (declared == type || declared == FoldCase(column.declaration.value_or("")));
}

}  // namespace

TargetInspector::TargetInspector(Connection& connection, const Dialect& dialect,
                                 const WriteRequest& request, std::string doing)
    : connection_(connection),
      dialect_(dialect),
      request_(request),
      doing_(std::move(doing)) {}

WriteTarget TargetInspector::Inspect(const std::vector<ArrowColumn>& columns) const {
  const Relation& relation = request_.relation;
  WriteTarget target;
  target.kind = dialect_.Find(connection_, relation, doing_);
  const bool is_overwrite = request_.mode == WriteMode::kOverwrite;
  if (is_overwrite || target.kind == RelationKind::kMissing) {
    target.options = dialect_.TableOptions(connection_, relation, doing_);
  }
  if (is_overwrite && target.kind != RelationKind::kMissing) {
    target.views = dialect_.Views(connection_, relation, doing_);
  }
  if (target.kind != RelationKind::kTable) return target;
  if (!is_overwrite) dialect_.CheckAppend(connection_, relation, doing_);
  target.columns = dialect_.Columns(connection_, relation, doing_);
  const bool may_wait = HasKey(request_.mode) || MayChangeColumns(request_.schema_change);
  target.may_make_temporary =
      may_wait && dialect_.MayMakeTemporary(connection_, relation, doing_);
  target.fits = AreFor(columns, target.columns);
  if (is_overwrite) AddBelongings(target);
  if (request_.mode == WriteMode::kDeleteInsert) {
    target.delete_blocker =
        dialect_.RemovalBlocker(connection_, relation, Removal::kSomeRows, doing_);
  }
  return target;
}

void TargetInspector::AddBelongings(WriteTarget& target) const {
  const Relation& relation = request_.relation;
  target.belongings = dialect_.Belongings(connection_, relation, doing_);
  target.is_copyable =
      !target.belongings.empty() && dialect_.IsCopyable(connection_, relation, doing_);
  target.has_belongings = dialect_.HasBelongings(connection_, relation, doing_);
  if (!target.has_belongings) return;
  target.has_types = HasTypes(target);
  const auto blocker = [&](Removal removal) {
    return dialect_.RemovalBlocker(connection_, relation, removal, doing_);
  };
  target.delete_blocker = blocker(Removal::kAllRows);
  target.drop_blocker = blocker(Removal::kTable);
}

bool TargetInspector::AreFor(const std::vector<ArrowColumn>& columns,
                             const std::vector<TableColumn>& table_columns) const {
  return std::all_of(columns.begin(), columns.end(), [&](const ArrowColumn& column) {
    const TableColumn* const match =
        FindColumn(table_columns, column.name(), dialect_.names());
    return match != nullptr && IsColumnFor(column.type(), match->type);
  });
}

// Only the server knows all that a type may be called, so it makes a table of them, which
// is rolled back.
bool TargetInspector::HasTypes(const WriteTarget& target) const {
  if (request_.column_types.empty()) return true;
  std::vector<TableColumn> asked;
  asked.reserve(request_.column_types.size());
  for (const auto& [name, type] : request_.column_types) asked.emplace_back(name, type);
  const auto is_there = [&](const TableColumn& column) {
    const auto* const old = FindColumn(target.columns, column.name, dialect_.names());
    return old != nullptr && IsOfType(*old, column);
  };
  if (std::all_of(asked.begin(), asked.end(), is_there)) return true;
  const WriteStatements& statements = dialect_.statements();
  Relation sample = Beside(request_.relation, StagingName());
  if (dialect_.MayMakeTemporary(connection_, request_.relation, doing_)) {
    sample = statements.Temporary(sample);
  }
  const Transaction sampling(connection_, dialect_.BeginStatement(), doing_);
  dialect_.Execute(connection_, statements.Create(sample, asked, ""), doing_);
  asked = dialect_.Columns(connection_, sample, doing_);
  const std::vector<std::string> more = dialect_.Belongings(connection_, sample, doing_);
  return std::all_of(asked.begin(), asked.end(), is_there) &&
         std::all_of(more.begin(), more.end(), [&](const std::string& words) {
           // The words do not say which default it is. An owner is not asked for.
           if (words.starts_with("owner ")) return true;
           return !words.starts_with("default ") && Has(target.belongings, words);
         });
}

}  // namespace aft
