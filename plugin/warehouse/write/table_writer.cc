// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/table_writer.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/values/fold_case.h"
#include "plugin/warehouse/values/value_text.h"
#include "plugin/warehouse/write/batch.h"
#include "plugin/warehouse/write/sinks.h"

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

TableWriter::TableWriter(odbc::Connection& connection, const Dialect& dialect,
                         WriteRequest request, std::function<void()> between_rows)
    : connection_(connection),
      dialect_(dialect),
      request_(std::move(request)),
      between_rows_(std::move(between_rows)),
      doing_(Describe(request_)) {}

WriteOutcome TableWriter::Write(ArrowArrayStream& stream) {
  const Unique<ArrowSchema> schema = TakeSchema(stream, doing_);
  std::vector<ArrowColumn> columns = ReadColumns(*schema);
  std::vector<TableColumn> new_columns = NewColumns(columns);
  request_.relation = dialect_.Locate(connection_, request_.relation, doing_);
  takes_arrays_ = dialect_.TakesArrays(connection_);
  const std::string staging_name = StagingName();
  std::vector<std::string> notices = MakeReady();
  PlanRunner runner(connection_, dialect_, doing_);
  // Within the transaction, a look at the table may lock it until the rows are there.
  const bool is_overwrite = request_.mode == WriteMode::kOverwrite;
  WriteTarget target = is_overwrite ? LookAt(columns) : WriteTarget();
  odbc::Transaction transaction(connection_, dialect_.BeginStatement(), doing_);
  if (!is_overwrite) target = LookAt(columns);
  const std::vector<std::string> kept = KeepTypes(columns, target, new_columns);
  WritePlan plan =
      PlanWrite(request_, new_columns, target, staging_name, dialect_.statements());
  runner.Reserve(plan);
  runner.Run(plan.before);
  WriteOutcome outcome;
  try {
    outcome = Fill(plan, stream, std::move(columns));
  } catch (const MisfitError& error) {
    // A column of a new table may become another one.
    if (plan.staging && Has(kept, error.column())) throw;
    throw Error(error.what());
  }
  Check(plan, outcome.rows);
  Publish(runner, new_columns, target, staging_name);
  const bool is_new = is_overwrite && plan.staging;
  if (is_new) TellLost(target, plan);
  runner.Settle();
  Commit(transaction, outcome);
  if (!plan.is_temporary) runner.ForgetStaging();
  for (std::string& notice : plan.notices) notices.push_back(std::move(notice));
  for (std::string& notice : runner.Finish(plan.after)) {
    notices.push_back(std::move(notice));
  }
  outcome.notices = std::move(notices);
  runner.ForgetStaging();
  return outcome;
}

std::vector<std::string> TableWriter::MakeReady() const {
  std::vector<std::string> notices;
  dialect_.EnsureSchema(connection_, request_.relation, doing_);
  if (request_.mode != WriteMode::kOverwrite) return notices;
  for (const auto& [left, kind] : dialect_.Left(connection_, request_.relation, doing_)) {
    // One that somebody else removes, or still reads, doesn't stop the write.
    try {
      dialect_.Execute(connection_, dialect_.statements().DropLeft(left, kind), doing_);
    } catch (const odbc::OdbcError& error) {
      if (error.IsConnectionLost()) throw;
      if (error.sqlstate() != odbc::kStateLockTimeout) continue;
      notices.push_back(Text("an earlier write has left ", Describe(left),
                             ", which is being read; the next one drops it"));
    }
  }
  return notices;
}

WriteTarget TableWriter::LookAt(const std::vector<ArrowColumn>& columns) const {
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
  target.has_belongings =
      is_overwrite && dialect_.HasBelongings(connection_, relation, doing_);
  if (is_overwrite) {
    target.belongings = dialect_.Belongings(connection_, relation, doing_);
    target.is_copyable =
        !target.belongings.empty() && dialect_.IsCopyable(connection_, relation, doing_);
  }
  target.has_types = !target.has_belongings || HasTypes(target);
  const auto depend_on = [&](TakenAway taken) {
    return dialect_.RowsThatDepend(connection_, relation, taken, doing_);
  };
  if (request_.mode == WriteMode::kDeleteInsert) {
    target.rows_that_depend = depend_on(TakenAway::kSomeRows);
  }
  if (target.has_belongings) {
    target.rows_that_depend = depend_on(TakenAway::kAllRows);
    target.must_stay = depend_on(TakenAway::kTable);
  }
  return target;
}

bool TableWriter::AreFor(const std::vector<ArrowColumn>& columns,
                         const std::vector<TableColumn>& table_columns) const {
  return std::all_of(columns.begin(), columns.end(), [&](const ArrowColumn& column) {
    const TableColumn* const match =
        FindColumn(table_columns, column.name(), dialect_.names());
    return match != nullptr && IsColumnFor(column.type(), match->type);
  });
}

// Only the server knows all that a type may be called, so it makes a table of them, which
// is rolled back.
bool TableWriter::HasTypes(const WriteTarget& target) const {
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
  const odbc::Transaction sampling(connection_, dialect_.BeginStatement(), doing_);
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

void TableWriter::Publish(PlanRunner& runner, const std::vector<TableColumn>& new_columns,
                          WriteTarget& target, const std::string& staging_name) {
  const bool is_overwrite = request_.mode == WriteMode::kOverwrite;
  // Others may have dropped or replaced it meanwhile; but what they have made where there
  // was nothing to add to is theirs.
  if (is_overwrite) target.kind = dialect_.Find(connection_, request_.relation, doing_);
  const bool swaps = is_overwrite || target.kind == RelationKind::kMissing;
  if (swaps) may_have_committed_ = !dialect_.statements().has_transactional_ddl();
  runner.Run(PlanWrite(request_, new_columns, target, staging_name, dialect_.statements())
                 .publish);
}

void TableWriter::TellLost(const WriteTarget& old, WritePlan& plan) const {
  if (old.belongings.empty()) return;
  const std::vector<std::string> now =
      dialect_.Belongings(connection_, request_.relation, doing_);
  std::string lost;
  for (const std::string& belonging : old.belongings) {
    if (!Has(now, belonging)) lost += (lost.empty() ? "" : ", ") + belonging;
  }
  if (lost.empty()) return;
  plan.notices.push_back(Text(Describe(request_.relation),
                              " is a new table, without what the old one had: ", lost));
}

void TableWriter::Commit(odbc::Transaction& transaction, const WriteOutcome& outcome) {
  const std::string id = dialect_.TransactionId(connection_, doing_);
  may_have_committed_ = true;
  try {
    transaction.Commit();
  } catch (const odbc::OdbcError& error) {
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
        [&name = name](const ArrowColumn& column) { return column.name() == name; });
    if (is_known || request_.types_are_declared) continue;
    throw Error(Text("cannot ", doing_, ": dtype names a column '", name,
                     "', which the frame doesn't have"));
  }
  return table_columns;
}

std::vector<std::string> TableWriter::KeepTypes(
    const std::vector<ArrowColumn>& columns, const WriteTarget& target,
    std::vector<TableColumn>& new_columns) const {
  std::vector<std::string> kept;
  if (request_.mode != WriteMode::kOverwrite) return kept;
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
      kept.push_back(name);
    }
  }
  return kept;
}

std::vector<TableColumn> TableWriter::MatchColumns(
    const Relation& relation, const std::vector<ArrowColumn>& columns) const {
  const std::vector<TableColumn> there = dialect_.Columns(connection_, relation, doing_);
  std::vector<TableColumn> matched;
  for (const ArrowColumn& column : columns) {
    const TableColumn* const match = FindColumn(there, column.name(), dialect_.names());
    if (match == nullptr) {
      throw Error(Text("cannot ", doing_, ": the table has no column '", column.name(),
                       "'; add it, or leave it out of the frame"));
    }
    matched.push_back(*match);
  }
  return matched;
}

void TableWriter::Check(const WritePlan& plan, int64_t sent) const {
  if (plan.counts_rows) CheckCount(plan.load, sent);
  CheckKeys(plan);
}

void TableWriter::CheckKeys(const WritePlan& plan) const {
  for (const KeyCheck& check : plan.key_checks) {
    odbc::Statement statement(connection_, doing_);
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

// Not every driver hands on all rows of an array of parameters, or says that it has not.
void TableWriter::CheckCount(const Relation& relation, int64_t sent) const {
  odbc::Statement statement(connection_, doing_);
  statement.ExecuteDirect("SELECT count(*) FROM " + dialect_.Name(relation));
  const bool has_count = statement.Fetch();
  const std::string count = has_count ? statement.Text(1).value_or("") : "";
  if (ParseInteger(count) == sent) return;
  throw Error(Text("cannot ", doing_, ": ", sent,
                   " rows were sent, and the database has ", count,
                   "; does a trigger or its ODBC driver drop rows?"));
}

void TableWriter::RefuseColumn(const ArrowColumn& column,
                               const TableColumn& table_column) const {
  throw Error(Text("cannot ", doing_, ": the frame's column '", column.name(), "' holds ",
                   Describe(column.type()), ", which would change in the table's column ",
                   "of type '", table_column.type_name, "'; convert it first"));
}

std::vector<FittedColumn> TableWriter::Fit(
    std::vector<ArrowColumn> columns,
    const std::vector<TableColumn>& table_columns) const {
  std::vector<FittedColumn> fitted;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::optional<ColumnFit> fit =
        FitColumn(columns[i].type(), table_columns[i].type);
    if (!fit) RefuseColumn(columns[i], table_columns[i]);
    fitted.emplace_back(std::move(columns[i]), table_columns[i], *fit, doing_);
  }
  return fitted;
}

Unique<ArrowArray> TableWriter::TakeNext(ArrowArrayStream& stream, RowSink& sink) const {
  try {
    return TakeBatch(stream, doing_);
  } catch (const Error&) {
    // What the database has refused by then went wrong first.
    sink.Wait();
    throw;
  }
}

WriteOutcome TableWriter::Fill(const WritePlan& plan, ArrowArrayStream& stream,
                               std::vector<ArrowColumn> columns) const {
  const size_t all = columns.size();
  std::vector<size_t> places;
  std::vector<ArrowColumn> written;
  for (size_t i = 0; i < all; ++i) {
    if (std::find(plan.columns.begin(), plan.columns.end(), columns[i].name()) ==
        plan.columns.end()) {
      continue;
    }
    places.push_back(i);
    written.push_back(std::move(columns[i]));
  }
  // What the database has made of the types that it was asked for counts.
  const std::vector<TableColumn> table_columns = MatchColumns(plan.load, written);
  // Rows that were to be replaced would take long to delete again.
  const bool keeps_target = !plan.staging && request_.mode == WriteMode::kOverwrite;
  const auto make_again = [this, steps = plan.before, keeps_target] {
    if (keeps_target) return;
    for (const WriteStep& step : steps) {
      dialect_.Execute(connection_, step.statement, doing_);
    }
  };
  const std::unique_ptr<RowSink> sink =
      MakeSink(connection_, dialect_, plan.load, Fit(std::move(written), table_columns),
               takes_arrays_, make_again, doing_);
  while (true) {
    between_rows_();
    const Unique<ArrowArray> batch = TakeNext(stream, *sink);
    if (batch.IsEmpty()) break;
    CheckBatch(*batch, all, doing_);
    std::vector<ArrowArray*> children;
    children.reserve(places.size());
    for (const size_t place : places) children.push_back(batch->children[place]);
    // A look at the batch, which stays its arrays' owner.
    ArrowArray view = *batch;
    view.n_children = static_cast<int64_t>(children.size());
    view.children = children.data();
    sink->Insert(view, between_rows_);
  }
  sink->Finish();
  return {sink->rows(), sink->bytes(), sink->name(), {}};
}

}  // namespace aft
