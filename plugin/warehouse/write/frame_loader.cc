// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/frame_loader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/arrow/borrowed.h"
#include "plugin/warehouse/write/arrow_batches.h"
#include "plugin/warehouse/write/batch.h"
#include "plugin/warehouse/write/sinks.h"

namespace aft {

FrameLoader::FrameLoader(Connection& connection, const Dialect& dialect,
                         std::function<void()> between_rows, std::string doing)
    : connection_(connection),
      dialect_(dialect),
      between_rows_(std::move(between_rows)),
      doing_(std::move(doing)),
      takes_arrays_(dialect.TakesArrays(connection)) {}

WriteOutcome FrameLoader::Load(const WritePlan& plan, ArrowArrayStream& stream,
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
  std::vector<FittedColumn> fitted = FitToTable(plan, std::move(written));
  const std::unique_ptr<RowSink> sink =
      connection_.batch_taker() == nullptr
          ? SinkFor(plan, std::move(fitted))
          : BatchSink(plan, std::move(fitted), stream, places);
  const auto counter = [&] {
    return plan.counts_rows ? std::nullopt
                            : dialect_.InsertCounter(connection_, plan.load, doing_);
  };
  const std::optional<int64_t> before = counter();
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
  WriteOutcome outcome{sink->rows(), sink->bytes(), sink->name(), {}, sink->taken()};
  if (const auto after = before ? counter() : before) outcome.taken = *after - *before;
  return outcome;
}

std::vector<FittedColumn> FrameLoader::FitToTable(
    const WritePlan& plan, std::vector<ArrowColumn> columns) const {
  // What the database has made of the types that it was asked for counts.
  std::vector<TableColumn> table_columns = MatchColumns(plan.load, columns);
  for (TableColumn& column : table_columns) {
    const TableColumn* const target =
        FindColumn(plan.merged, column.name, dialect_.names());
    if (target != nullptr) column.replaces_null = target->replaces_null;
  }
  return Fit(std::move(columns), table_columns);
}

std::unique_ptr<RowSink> FrameLoader::BatchSink(const WritePlan& plan,
                                                std::vector<FittedColumn> fitted,
                                                ArrowArrayStream& stream,
                                                const std::vector<size_t>& places) const {
  const Unique<ArrowSchema> schema = TakeSchema(stream, doing_);
  std::vector<BatchColumn> columns;
  std::string names;
  for (size_t i = 0; i < fitted.size(); ++i) {
    names += (names.empty() ? "" : ", ") + dialect_.Quote(fitted[i].target().name);
    columns.push_back({std::move(fitted[i]), CopySchema(*schema->children[places[i]])});
  }
  return std::make_unique<ArrowBatches>(*connection_.batch_taker(),
                                        dialect_.Name(plan.load), std::move(names),
                                        std::move(columns), doing_);
}

std::unique_ptr<RowSink> FrameLoader::SinkFor(const WritePlan& plan,
                                              std::vector<FittedColumn> fitted) const {
  std::vector<WriteStep> steps;
  if (plan.makes_load) steps = plan.before;
  const auto make_again = [this, steps = std::move(steps)] {
    for (const WriteStep& step : steps) {
      dialect_.Execute(connection_, step.statement, doing_);
    }
  };
  return MakeSink(connection_, dialect_, plan.load, std::move(fitted), takes_arrays_,
                  make_again, doing_);
}

std::vector<TableColumn> FrameLoader::MatchColumns(
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

void FrameLoader::RefuseColumn(const ArrowColumn& column,
                               const TableColumn& table_column) const {
  throw Error(Text("cannot ", doing_, ": the frame's column '", column.name(), "' holds ",
                   Describe(column.type()), ", which would change in the table's column ",
                   "of type '", table_column.type_name, "'; convert it first"));
}

std::vector<FittedColumn> FrameLoader::Fit(
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

Unique<ArrowArray> FrameLoader::TakeNext(ArrowArrayStream& stream, RowSink& sink) const {
  try {
    return TakeBatch(stream, doing_);
  } catch (const Error&) {
    // What the database has refused by then went wrong first.
    sink.Wait();
    throw;
  }
}

}  // namespace aft
