// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/table_reader.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/odbc/statement.h"
#include "plugin/warehouse/values/value_text.h"

namespace aft {
namespace {

const std::string kDoing = "run the query";
// A batch ends early when its values take this much, so that long ones stay bounded.
constexpr size_t kBatchBytes = 64U << 20;
// What decimals without a precision are read as where doubles will not do.
constexpr int kExactPrecision = 38;
constexpr int kExactScale = 18;

Unique<ArrowSchema> SchemaOf(const ValueType& type, const std::string& name) {
  if (type.kind != Kind::kList) return MakeSchema(ArrowFormat(type), name);
  return MakeListSchema(name, SchemaOf(type.element.front(), "item"));
}

/// Makes of a column of decimals what the caller asks for.
void ApplyDecimals(Decimals decimals, ReadColumnPlan& column) {
  if (column.is_decimal && decimals == Decimals::kExact) {
    const bool is_list = column.type.kind == Kind::kList;
    ValueType& type = is_list ? column.type.element.front() : column.type;
    column.is_decimal = false;
    type.kind = Kind::kDecimal;
    type.precision = kExactPrecision;
    type.scale = kExactScale;
    return;
  }
  const bool has_places = column.type.scale > 0;
  const bool changes =
      decimals == Decimals::kReal || (decimals == Decimals::kFloat && has_places);
  if (column.type.kind != Kind::kDecimal || !changes) return;
  column.is_decimal = has_places;
  column.type = {column.is_decimal ? Kind::kReal : Kind::kInteger};
}

}  // namespace

TableReader::TableReader(odbc::Connection& connection, const Dialect& dialect,
                         std::string_view sql, ReadOptions options)
    : options_(std::move(options)) {
  options_.batch_rows = std::max<int64_t>(options_.batch_rows, 1);
  const Query query{dialect.ForDriver(sql), options_.parameters};
  // A statement may do more than give rows, so it runs once, and is described before that
  // or by its result.
  std::unique_ptr<PreparedQuery> running;
  std::optional<std::vector<odbc::ColumnDescription>> described =
      query.parameters.empty()
          ? dialect.DescribeQuery(connection, query, kDoing)
          : dialect.DescribeWithParameters(connection, query, kDoing);
  const bool has_run = !described.has_value();
  if (has_run) {
    running = std::make_unique<PreparedQuery>(connection, query, kDoing);
    running->statement().Execute();
    described = running->statement().Columns();
  }
  if (described->empty() && options_.takes_any_statement) {
    if (!has_run) dialect.Execute(connection, query.sql, kDoing);
    is_at_end_ = true;
    return;
  }
  const ReadPlan plan = MakePlan(dialect, query, *described);
  for (const ReadColumnPlan& planned : plan.columns) {
    Column& column = columns_.emplace_back();
    column.plan = planned;
    if (planned.is_inferred) {
      column.undecided.emplace();
    } else {
      column.converter = MakeConverter(planned, options_.relation);
    }
  }
  if (!has_run) {
    running = std::make_unique<PreparedQuery>(connection,
                                              Query{plan.sql, query.parameters}, kDoing);
  }
  cursor_ = std::make_unique<BlockCursor>(connection, std::move(running), has_run, plan,
                                          options_.batch_rows);
  blocks_ = std::make_unique<FetchAhead>(*cursor_);
  Decide(connection, dialect, query);
}

ReadPlan TableReader::MakePlan(
    const Dialect& dialect, const Query& query,
    const std::vector<odbc::ColumnDescription>& described) const {
  if (described.empty()) {
    throw Error(Text("cannot ", kDoing,
                     ": the statement gives no rows, and only queries can be read; let "
                     "dbt run it, such as in a post_hook"));
  }
  ReadPlan plan = dialect.PlanRead(query.sql, described);
  for (ReadColumnPlan& column : plan.columns) {
    ApplyDecimals(options_.decimals, column);
    column.nulls_infinity = options_.nulls_infinite_dates;
  }
  return plan;
}

void TableReader::Decide(odbc::Connection& connection, const Dialect& dialect,
                         const Query& query) {
  const auto is_undecided = [](const Column& column) {
    return column.undecided.has_value();
  };
  if (std::none_of(columns_.begin(), columns_.end(), is_undecided)) return;
  FillBatch();
  if (!is_at_end_) AskForKinds(connection, dialect, query);
  for (Column& column : columns_) {
    if (!column.undecided) continue;
    column.plan.type = column.undecided->Decide(column.plan.type);
    column.converter = MakeConverter(column.plan, options_.relation);
    column.undecided->Replay(*column.converter);
    column.undecided.reset();
  }
}

void TableReader::AskForKinds(odbc::Connection& connection, const Dialect& dialect,
                              const Query& query) {
  std::vector<ReadColumnPlan> plans;
  plans.reserve(columns_.size());
  std::vector<UndecidedColumn*> open;
  for (Column& column : columns_) {
    plans.push_back(column.plan);
    plans.back().is_inferred = false;
    const bool is_list = column.plan.type.kind == Kind::kList;
    if (!column.undecided || is_list || !column.undecided->needs_rest()) continue;
    plans.back().is_inferred = true;
    open.push_back(&*column.undecided);
  }
  if (open.empty()) return;
  odbc::Statement kinds(connection, kDoing);
  kinds.Prepare(dialect.KindsQuery(query.sql, plans));
  const BoundParameters parameters(kinds, query.parameters);
  kinds.Execute();
  if (!kinds.Fetch()) return;
  SQLUSMALLINT number = 0;
  for (UndecidedColumn* const column : open) {
    const std::string bits = kinds.Text(++number).value_or("0");
    column->Expect(static_cast<unsigned>(ParseInteger(bits).value_or(0)));
  }
}

Unique<ArrowSchema> TableReader::Schema() {
  std::vector<Unique<ArrowSchema>> children;
  children.reserve(columns_.size());
  for (const Column& column : columns_) {
    children.push_back(SchemaOf(column.plan.type, column.plan.name));
  }
  return MakeBatchSchema(std::move(children));
}

Unique<ArrowArray> TableReader::Next() {
  if (rows_in_batch_ == 0) FillBatch();
  if (rows_in_batch_ == 0) return {};
  std::vector<Unique<ArrowArray>> children;
  children.reserve(columns_.size());
  for (Column& column : columns_) children.push_back(column.converter->Finish());
  bytes_in_batch_ = 0;
  return MakeBatch(std::exchange(rows_in_batch_, 0), std::move(children));
}

std::vector<RoundedValues> TableReader::Rounded() const {
  std::vector<RoundedValues> columns;
  for (const Column& column : columns_) {
    const int64_t count = column.converter->rounded();
    if (count > 0) columns.push_back({column.plan.name, count});
  }
  return columns;
}

void TableReader::FillBatch() {
  if (blocks_ == nullptr) return;  // The statement gives no rows.
  while (rows_in_batch_ < options_.batch_rows && bytes_in_batch_ < kBatchBytes) {
    if (block_ == nullptr || row_ == block_->rows) {
      row_ = 0;
      block_ = blocks_->Next();
      is_at_end_ = block_ == nullptr;
      if (is_at_end_) return;
    }
    const auto room = static_cast<size_t>(options_.batch_rows - rows_in_batch_);
    const size_t count = std::min<size_t>(block_->rows - row_, room);
    AppendRows(*block_, {row_, count, block_->first_row + static_cast<int64_t>(row_)});
    row_ += count;
  }
}

void TableReader::AppendRows(const RowBlock& block, const RowRange& rows) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    if (column.undecided) {
      column.undecided->AppendBlock(block.columns[i], rows);
    } else {
      column.converter->AppendBlock(block.columns[i], rows);
    }
  }
  rows_in_batch_ += static_cast<int64_t>(rows.count);
  bytes_in_batch_ += block.bytes * rows.count / block.rows;
}

}  // namespace aft
