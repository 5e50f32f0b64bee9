// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/table_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/value_text.h"

namespace aft {
namespace {

constexpr std::string_view kDoing = "run the query";
constexpr SQLULEN kRowsPerFetch = 256;
// A batch ends early when its values take this much, so that long ones stay bounded.
constexpr size_t kBatchBytes = 64U << 20;
constexpr auto kLongestValue = static_cast<size_t>(std::numeric_limits<int32_t>::max());

SQLSMALLINT NativeType(const ValueType& type) {
  switch (type.kind) {
    case Kind::kBinary:
      return SQL_C_BINARY;
    case Kind::kBoolean:
      return SQL_C_BIT;
    case Kind::kReal:
      return SQL_C_DOUBLE;
    default:
      return type.is_unsigned ? SQL_C_UBIGINT : SQL_C_SBIGINT;
  }
}

}  // namespace

TableReader::Column TableReader::MakeColumn(ReadColumnPlan plan, size_t bound_bytes) {
  Column column;
  column.width = bound_bytes;
  if (plan.format == CellFormat::kWideText) {
    column.c_type = SQL_C_WCHAR;
    column.terminator = sizeof(SQLWCHAR);
  } else if (plan.format != CellFormat::kNative) {
    column.c_type = SQL_C_CHAR;
    column.terminator = 1;
  } else {
    column.c_type = NativeType(plan.type);
    column.is_long = plan.type.kind == Kind::kBinary;
    if (!column.is_long) column.width = plan.type.kind == Kind::kBoolean ? 1 : 8;
  }
  if (plan.is_inferred) {
    column.undecided.emplace();
  } else {
    column.strategy = MakeReadColumn(plan);
  }
  column.plan = std::move(plan);
  return column;
}

TableReader::TableReader(odbc::Connection& connection, const Dialect& dialect,
                         std::string_view sql, int64_t batch_rows)
    : batch_rows_(std::max<int64_t>(batch_rows, 1)),
      statement_(connection, std::string(kDoing)) {
  const std::string query = dialect.ForDriver(sql);
  const auto described = dialect.DescribeQuery(connection, query, statement_.doing());
  if (described.empty()) {
    throw Error(Text("cannot ", kDoing,
                     ": the statement gives no rows; use execute for "
                     "statements other than queries"));
  }
  ReadPlan plan = dialect.PlanRead(query, described);
  for (ReadColumnPlan& column : plan.columns) {
    columns_.push_back(MakeColumn(std::move(column), plan.bound_bytes));
  }
  statement_.Prepare(plan.sql);
  BindColumns(connection);
  statement_.Execute();
  Decide(connection, dialect, query);
}

void TableReader::BindColumns(const odbc::Connection& connection) {
  constexpr SQLUINTEGER kAnyBound = SQL_GD_ANY_COLUMN | SQL_GD_BOUND;
  // Without these a long value can't be fetched once its column is bound.
  is_bound_ = (connection.InfoNumber(SQL_GETDATA_EXTENSIONS) & kAnyBound) == kAnyBound;
  const bool has_long = std::any_of(columns_.begin(), columns_.end(),
                                    [](const Column& column) { return column.is_long; });
  // A long value is fetched from the current row, so that its rows come one by one.
  const SQLULEN wanted = has_long || !is_bound_
                             ? 1
                             : std::min(kRowsPerFetch, static_cast<SQLULEN>(batch_rows_));
  rows_per_fetch_ = statement_.SetRowsPerFetch(wanted, &rows_fetched_);
  for (size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    column.buffer.resize(column.width * rows_per_fetch_);
    column.indicators.resize(rows_per_fetch_);
    if (!is_bound_) continue;
    statement_.BindColumn(static_cast<SQLUSMALLINT>(i + 1), column.c_type,
                          column.buffer.data(), static_cast<SQLLEN>(column.width),
                          column.indicators.data());
  }
}

void TableReader::Decide(odbc::Connection& connection, const Dialect& dialect,
                         std::string_view sql) {
  const auto is_undecided = [](const Column& column) {
    return column.undecided.has_value();
  };
  if (std::none_of(columns_.begin(), columns_.end(), is_undecided)) return;
  FillBatch();
  if (!is_at_end_) {
    std::vector<ReadColumnPlan> plans;
    plans.reserve(columns_.size());
    for (const Column& column : columns_) plans.push_back(column.plan);
    odbc::Statement kinds(connection, statement_.doing());
    kinds.ExecuteDirect(dialect.KindsQuery(sql, plans));
    const bool has_row = kinds.Fetch();
    SQLUSMALLINT number = 0;
    for (Column& column : columns_) {
      if (!column.undecided || !has_row) continue;
      const std::string bits = kinds.Text(++number).value_or("0");
      column.undecided->Expect(static_cast<unsigned>(ParseInteger(bits).value_or(0)));
    }
  }
  for (Column& column : columns_) {
    if (!column.undecided) continue;
    column.plan.type = column.undecided->Decide(column.plan.type);
    column.strategy = MakeReadColumn(column.plan);
    column.undecided->Replay(*column.strategy, column.plan.name);
    column.undecided.reset();
  }
}

Unique<ArrowSchema> TableReader::Schema() {
  std::vector<Unique<ArrowSchema>> children;
  children.reserve(columns_.size());
  for (const Column& column : columns_) {
    children.push_back(MakeSchema(ArrowFormat(column.plan.type), column.plan.name));
  }
  return MakeBatchSchema(std::move(children));
}

Unique<ArrowArray> TableReader::Next() {
  if (rows_in_batch_ == 0) FillBatch();
  if (rows_in_batch_ == 0) return {};
  std::vector<Unique<ArrowArray>> children;
  children.reserve(columns_.size());
  for (Column& column : columns_) children.push_back(column.strategy->Finish());
  bytes_in_batch_ = 0;
  return MakeBatch(std::exchange(rows_in_batch_, 0), std::move(children));
}

void TableReader::FillBatch() {
  const auto per_fetch = static_cast<int64_t>(rows_per_fetch_);
  while (!is_at_end_ && rows_in_batch_ + per_fetch <= batch_rows_ &&
         bytes_in_batch_ < kBatchBytes) {
    rows_fetched_ = 1;
    if (!statement_.Fetch()) {
      is_at_end_ = true;
      return;
    }
    for (size_t row = 0; row < rows_fetched_; ++row) AppendRow(row);
  }
}

void TableReader::AppendRow(size_t row) {
  ++rows_read_;
  ++rows_in_batch_;
  for (size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    const Cell cell = CellOf(column, static_cast<SQLUSMALLINT>(i + 1), row);
    bytes_in_batch_ += cell.bytes.size();
    if (column.undecided) {
      column.undecided->Append(cell);
    } else {
      column.strategy->Append(cell, {column.plan.name, rows_read_});
    }
  }
}

Cell TableReader::CellOf(Column& column, SQLUSMALLINT number, size_t row) {
  const SQLLEN indicator = is_bound_ ? column.indicators[row] : SQL_NO_TOTAL;
  if (indicator == SQL_NULL_DATA) return {true, {}};
  const char* const bytes = column.buffer.data() + row * column.width;
  if (is_bound_ && !column.is_long) return {false, {bytes, column.width}};
  if (indicator < 0 && indicator != SQL_NO_TOTAL) {
    throw Error(Text("cannot ", kDoing, ": the driver gives column '", column.plan.name,
                     "', row ", rows_read_, " a length of ", indicator));
  }
  const auto length = static_cast<size_t>(indicator);
  // Some drivers give, of a value that they have cut, the length of what they delivered.
  const bool may_be_cut = length + column.terminator == column.width;
  if (indicator != SQL_NO_TOTAL && length + column.terminator < column.width) {
    return {false, {bytes, length}};
  }
  if (!statement_.GetData(number, column.c_type, column.long_value)) return {true, {}};
  const size_t found = column.long_value.size();
  const bool is_odd =
      indicator != SQL_NO_TOTAL && found != length && !(may_be_cut && found > length);
  if (is_odd || found > kLongestValue) {
    throw Error(Text("cannot ", kDoing, ": column '", column.plan.name, "', row ",
                     rows_read_, ": ",
                     is_odd ? "the driver gives other bytes than it announced"
                            : "the value is longer than 2 GiB"));
  }
  return {false, column.long_value};
}

}  // namespace aft
