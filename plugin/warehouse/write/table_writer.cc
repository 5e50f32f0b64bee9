// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/table_writer.h"
#include "plugin/warehouse/write/frame_cell.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/values/value_text.h"
#include "plugin/warehouse/write/target_inspector.h"

namespace aft {
namespace {

// Others may come between each look at the target and what is made of it.
constexpr int kMostLooks = 5;

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TableWriter::TableWriter(Connection& connection, const Dialect& dialect,
                         WriteRequest request, std::function<void()> between_rows)
    : connection_(connection),
      dialect_(dialect),
      request_(std::move(request)),
      between_rows_(std::move(between_rows)),
      doing_(Describe(request_)) {}

// clang-tidy takes all variables here for unchanged.
// NOLINTBEGIN(misc-const-correctness)
WriteOutcome TableWriter::Write(ArrowArrayStream& stream) {
  const Unique<ArrowSchema> schema = TakeSchema(stream, doing_);
  std::vector<ArrowColumn> columns = ReadColumns(*schema);
  std::vector<TableColumn> new_columns = NewColumns(columns);
  CheckRequest(request_, new_columns, dialect_.names());
  request_.relation = dialect_.Locate(connection_, request_.relation, doing_);
  const FrameLoader loader(connection_, dialect_, between_rows_, doing_);
  const std::string staging_name = StagingName();
  std::vector<std::string> notices = MakeReady();
  PlanRunner runner(connection_, dialect_, doing_);
  const TargetInspector inspector(connection_, dialect_, request_, doing_);
  // Within the transaction, a look at the table may lock it until the rows are there.
  const bool is_overwrite = request_.mode == WriteMode::kOverwrite;
  WriteTarget target = is_overwrite ? inspector.Inspect(columns) : WriteTarget();
  Transaction transaction(connection_, dialect_.BeginStatement(), doing_);
  if (!is_overwrite) target = inspector.Inspect(columns);
  KeepTypes(columns, target, new_columns);
  WritePlan plan =
      PlanWrite(request_, new_columns, target, staging_name, dialect_.statements());
  runner.Reserve(plan);
  runner.Run(plan.before);
  WriteOutcome outcome = Load(loader, plan, stream, std::move(columns));
  Check(plan, outcome, notices);
  Publish(runner, new_columns, target, staging_name);
  CheckPlaced(runner, outcome, notices);
  if (is_overwrite && plan.staging) TellLost(target, plan);
  runner.Settle();
  Commit(transaction, outcome);
  Finish(runner, plan, notices);
  outcome.notices = std::move(notices);
  return outcome;
}
// NOLINTEND(misc-const-correctness)

WriteOutcome TableWriter::Load(const FrameLoader& loader, const WritePlan& plan,
                               ArrowArrayStream& stream,
                               std::vector<ArrowColumn> columns) const {
  try {
    return loader.Load(plan, stream, std::move(columns));
  } catch (const MisfitError& error) {
    // A column of a new table may become another one.
    if (plan.staging && Has(kept_, error.column())) throw;
    throw Error(error.what());
  }
}

void TableWriter::Finish(PlanRunner& runner, const WritePlan& plan,
                         std::vector<std::string>& notices) {
  if (!plan.is_temporary) runner.ForgetStaging();
  notices.insert(notices.end(), plan.notices.begin(), plan.notices.end());
  for (std::string& notice : runner.Finish(plan.after)) {
    notices.push_back(std::move(notice));
  }
  runner.ForgetStaging();
}

std::vector<std::string> TableWriter::MakeReady() const {
  std::vector<std::string> notices;
  dialect_.EnsureSchema(connection_, request_.relation, doing_);
  if (request_.mode != WriteMode::kOverwrite) return notices;
  for (const auto& [left, kind, dependents] :
       dialect_.Leftovers(connection_, request_.relation, doing_)) {
    if (!dependents.empty()) {
      notices.push_back(Text("the old rows in ", Describe(left), " are still read by ",
                             dependents,
                             ", which nobody has built since; rebuild or drop them"));
      continue;
    }
    // One that somebody else removes, or still reads, doesn't stop the write.
    try {
      dialect_.Execute(connection_, dialect_.statements().DropLeftover(left, kind),
                       doing_);
    } catch (const DatabaseError& error) {
      if (error.IsConnectionLost()) throw;
      if (error.sqlstate() != kStateLockTimeout) continue;
      notices.push_back(Text("an earlier write has left ", Describe(left),
                             ", which is being read; the next one drops it"));
    }
  }
  return notices;
}

void TableWriter::Publish(PlanRunner& runner, const std::vector<TableColumn>& new_columns,
                          WriteTarget& target, const std::string& staging_name) {
  const bool is_overwrite = request_.mode == WriteMode::kOverwrite;
  for (int tries = 1;; ++tries) {
    // Others may have dropped or replaced it meanwhile; but what they have made where
    // there was nothing to add to is theirs.
    if (is_overwrite) target.kind = dialect_.Find(connection_, request_.relation, doing_);
    const bool swaps = is_overwrite || target.kind == RelationKind::kMissing;
    if (swaps) may_have_committed_ = !dialect_.statements().has_transactional_ddl();
    const WritePlan plan =
        PlanWrite(request_, new_columns, target, staging_name, dialect_.statements());
    try {
      runner.Run(plan.publish, [&] { return !swaps && HasColumnsOf(plan.load); });
      return;
    } catch (const DatabaseError&) {
      if (!is_overwrite || !runner.is_overtaken() || tries == kMostLooks) throw;
    }
  }
}

bool TableWriter::HasColumnsOf(const Relation& staging) const {
  const auto there = dialect_.Columns(connection_, request_.relation, doing_);
  const auto staged = dialect_.Columns(connection_, staging, doing_);
  return std::all_of(staged.begin(), staged.end(), [&](const TableColumn& column) {
    const auto* const match = FindColumn(there, column.name, dialect_.names());
    return match == nullptr || match->type_name == column.type_name;
  });
}

void TableWriter::TellLost(const WriteTarget& old, WritePlan& plan) const {
  if (old.belongings.empty()) return;
  const std::vector<std::string> now =
      dialect_.Belongings(connection_, request_.relation, doing_);
  std::string lost;
  for (const std::string& belonging : old.belongings) {
    if (Has(now, belonging) || Has(request_.given_up, belonging)) continue;
    lost += (lost.empty() ? "" : ", ") + belonging;
  }
  if (lost.empty()) return;
  plan.notices.push_back(Text(Describe(request_.relation),
                              " is a new table, without what the old one had: ", lost));
}

void TableWriter::Commit(Transaction& transaction, const WriteOutcome& outcome) {
  const std::string id = dialect_.TransactionId(connection_, doing_);
  may_have_committed_ = true;
  try {
    transaction.Commit();
  } catch (const DatabaseError& error) {
    if (id.empty() && !error.IsConnectionLost()) throw;
    throw CommitError(error, id, outcome);
  }
}

std::vector<ArrowColumn> TableWriter::ReadColumns(const ArrowSchema& schema) const {
  if (schema.n_children == 0) {
    throw Error(Text("cannot ", doing_, ": the frame has no columns"));
  }
  std::vector<ArrowColumn> columns;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    columns.emplace_back(*schema.children[i], doing_);
    const std::string& name = columns.back().name();
    if (name.empty()) {
      throw Error(
          Text("cannot ", doing_, ": column ", i + 1, " of the frame has no name"));
    }
    for (size_t before = 0; before + 1 < columns.size(); ++before) {
      const std::string& other = columns[before].name();
      if (!dialect_.names().IsSameColumn(other, name)) continue;
      throw Error(Text("cannot ", doing_, ": columns ", before + 1, " and ", i + 1,
                       " of the frame are both named '", name, "'",
                       other == name ? "" : " but for their case"));
    }
  }
  return columns;
}

std::vector<TableColumn> TableWriter::NewColumns(
    const std::vector<ArrowColumn>& columns) const {
  std::vector<TableColumn> table_columns;
  for (const ArrowColumn& column : columns) {
    const auto given = request_.column_types.find(column.name());
    ValueType type = column.type();
    type.is_guessed = Has(request_.guessed_decimals, column.name());
    table_columns.push_back({column.name(), given == request_.column_types.end()
                                                ? dialect_.TypeName(type)
                                                : given->second});
  }
  for (const auto& [name, type] : request_.column_types) {
    const bool is_known = std::any_of(
        columns.begin(), columns.end(),
        [&wanted = name](const ArrowColumn& column) { return column.name() == wanted; });
    if (is_known || request_.types_are_declared) continue;
    throw Error(Text("cannot ", doing_, ": dtype names a column '", name,
                     "', which the frame doesn't have"));
  }
  return table_columns;
}

void TableWriter::KeepTypes(const std::vector<ArrowColumn>& columns,
                            const WriteTarget& target,
                            std::vector<TableColumn>& new_columns) {
  if (request_.mode != WriteMode::kOverwrite) return;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string& name = columns[i].name();
    const TableColumn* const old = FindColumn(target.columns, name, dialect_.names());
    // What keeps anything says nothing of the values to come.
    const bool may_keep = old != nullptr && old->type.kind != ColumnKind::kAny &&
                          request_.column_types.count(name) == 0 &&
                          !Has(request_.renewed, name);
    if (!may_keep || !IsColumnFor(columns[i].type(), old->type)) continue;
    if (const auto& declaration = old->declaration) {
      new_columns[i].type_name = *declaration;
      kept_.push_back(name);
    }
  }
}

void TableWriter::Check(const WritePlan& plan, const WriteOutcome& outcome,
                        std::vector<std::string>& notices) const {
  const auto taken =
      plan.counts_rows ? CountRows(plan.load) : Believed(outcome.taken, outcome.rows);
  if (!plan.staging) {
    CheckTaken(outcome.rows, taken, notices);
  } else if (taken != outcome.rows) {
    RefuseTaken(outcome.rows, taken);
  }
  CheckKeys(plan);
}

// More than one row may have the same key, and each is updated.
void TableWriter::CheckPlaced(const PlanRunner& runner, const WriteOutcome& outcome,
                              std::vector<std::string>& notices) const {
  const int64_t placed = Believed(runner.placed(), outcome.rows);
  CheckTaken(outcome.rows, std::min(placed, outcome.rows), notices);
}

int64_t TableWriter::Believed(std::optional<int64_t> taken, int64_t sent) const {
  // An unknown driver that says 0 of everything does not count.
  if (taken == 0 && !dialect_.knows_driver()) taken.reset();
  return taken.value_or(sent);
}

void TableWriter::CheckTaken(int64_t sent, int64_t taken,
                             std::vector<std::string>& notices) const {
  if (taken == sent) return;
  const bool updates = request_.mode == WriteMode::kUpsert;
  if (!dialect_.SkipsRows(connection_, request_.relation, updates, doing_)) {
    RefuseTaken(sent, taken);
  }
  if (taken > sent) return;
  notices.push_back(
      Text(Describe(request_.relation), " took ", taken, " of ", sent,
           " rows: a trigger, rule or constraint of the table left out the others"));
}

// Not every driver hands on all rows, or says that it has not.
void TableWriter::RefuseTaken(int64_t sent, int64_t taken) const {
  throw Error(Text("cannot ", doing_, ": ", sent,
                   " rows were sent, and the database has taken ", taken,
                   "; does its ODBC driver lose rows?"));
}

void TableWriter::CheckKeys(const WritePlan& plan) const {
  for (const KeyCheck& check : plan.key_checks) {
    Statement statement(connection_, doing_);
    statement.ExecuteDirect(check.query);
    if (!statement.Fetch()) continue;
    std::string key;
    for (size_t i = 0; i < plan.key.size(); ++i) {
      const auto value = statement.Text(static_cast<SQLUSMALLINT>(i + 1));
      key += Text(i == 0 ? "" : ", ", plan.key[i], " = ",
                  value ? Text("'", *value, "'") : "NULL");
    }
    throw Error(
        Text("cannot ", doing_, ": the frame's row with ", key, " ", check.refusal));
  }
}

int64_t TableWriter::CountRows(const Relation& relation) const {
  Statement statement(connection_, doing_);
  statement.ExecuteDirect("SELECT count(*) FROM " + dialect_.Name(relation));
  const bool has_count = statement.Fetch();
  return ParseInteger(has_count ? statement.Text(1).value_or("") : "").value_or(0);
}

}  // namespace aft
