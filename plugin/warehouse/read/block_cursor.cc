// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/block_cursor.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

// A block stays in the processor's cache between the fetch and the conversion.
constexpr size_t kBlockBytes = 512U << 10;
constexpr SQLULEN kMostRows = 2048;
constexpr SQLULEN kFirstRows = 64;
// Of a block of rows that are fetched one by one, so that long values stay bounded.
constexpr size_t kMostBytes = 4U << 20;
constexpr auto kLongestValue = static_cast<size_t>(std::numeric_limits<int32_t>::max());
// Where more than one value in so many is cut, wider buffers pay.
constexpr size_t kRareCuts = 16;

// No date has such a year.
constexpr char kUntouched = '\xFF';

}  // namespace

BlockCursor::BlockCursor(const odbc::Connection& connection,
                         std::unique_ptr<PreparedQuery> query, bool has_run,
                         const ReadPlan& plan, int64_t most_rows)
    : query_(std::move(query)),
      statement_(query_->statement()),
      most_rows_(std::min(kMostRows, static_cast<SQLULEN>(most_rows))) {
  for (const ReadColumnPlan& column : plan.columns) {
    columns_.push_back({column.name, BindingFor(column, plan.cut_values)});
  }
  PlanFetches(connection, plan.cut_values);
  if (!has_run) statement_.Execute();
}

size_t BlockCursor::RowWidth() const {
  size_t width = 1;
  for (const Column& column : columns_) width += column.binding.width;
  return width;
}

void BlockCursor::PlanFetches(const odbc::Connection& connection, CutValues cut_values) {
  may_cut_ = std::any_of(columns_.begin(), columns_.end(),
                         [](const Column& column) { return column.binding.may_be_cut; });
  constexpr SQLUINTEGER kAnyBound = SQL_GD_ANY_COLUMN | SQL_GD_BOUND;
  const SQLUINTEGER extensions = connection.InfoNumber(SQL_GETDATA_EXTENSIONS);
  const bool can_go_back =
      cut_values == CutValues::kInBlock && (extensions & SQL_GD_BLOCK) != 0;
  is_bound_ = !may_cut_ || (extensions & kAnyBound) == kAnyBound;
  is_row_by_row_ = !is_bound_ || (may_cut_ && !can_go_back);
  if (is_row_by_row_) {
    rows_per_block_ = std::clamp<SQLULEN>(kBlockBytes / RowWidth(), 1, most_rows_);
    (void)statement_.SetRowsPerFetch(1);
    Prepare(one_row_, 1);
    Bind(one_row_);
  } else {
    // How long the values are that will be cut is not known yet.
    AskForRows(may_cut_ ? std::min(kFirstRows, most_rows_) : most_rows_);
  }
}

void BlockCursor::AskForRows(SQLULEN rows) {
  rows = std::clamp<SQLULEN>(kBlockBytes / RowWidth(), 1, rows);
  if (rows != rows_per_block_) rows_per_block_ = statement_.SetRowsPerFetch(rows);
}

void BlockCursor::Prepare(RowBlock& block, SQLULEN rows) const {
  block.columns.resize(columns_.size());
  block.statuses.assign(rows, SQL_ROW_SUCCESS);
  for (size_t i = 0; i < columns_.size(); ++i) {
    BlockColumn& column = block.columns[i];
    column.width = columns_[i].binding.width;
    if (columns_[i].binding.null_is_untouched) {
      column.buffer.assign(column.width * rows, kUntouched);
    }
    column.buffer.resize(column.width * rows);
    column.indicators.resize(rows);
    column.cells.clear();
    column.long_values.clear();
  }
}

void BlockCursor::Bind(RowBlock& block) {
  statement_.SetRowsFetched(&block.rows, block.statuses.data());
  for (size_t i = 0; is_bound_ && i < columns_.size(); ++i) {
    BlockColumn& column = block.columns[i];
    statement_.BindColumn(static_cast<SQLUSMALLINT>(i + 1), columns_[i].binding.c_type,
                          column.buffer.data(), static_cast<SQLLEN>(column.width),
                          column.indicators.data());
  }
}

bool BlockCursor::Fill(RowBlock& block) {
  block.first_row = rows_read_ + 1;
  block.bytes = 0;
  if (is_at_end_) return false;
  Prepare(block, rows_per_block_);
  if (is_row_by_row_) return FillRowByRow(block);
  Bind(block);
  if (!Fetch(block)) return false;
  is_near_end_ = block.rows < rows_per_block_;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const BlockColumn& values = block.columns[i];
    if (!columns_[i].binding.has_length) {
      CheckFixed(columns_[i], block, values);
      block.bytes += block.rows * values.width;
      continue;
    }
    const size_t cut = FindCells(i, block);
    if (cut * kRareCuts > block.rows) Widen(i, values);
  }
  rows_read_ += static_cast<int64_t>(block.rows);
  if (may_cut_) PlanNextBlock(block);
  return true;
}

void BlockCursor::PlanNextBlock(const RowBlock& block) {
  const size_t bytes_per_row = block.bytes / block.rows + 1;
  AskForRows(std::clamp<SQLULEN>(kMostBytes / bytes_per_row, 1, most_rows_));
}

bool BlockCursor::Fetch(RowBlock& block) {
  // For drivers that do not say how many rows they gave.
  block.rows = 1;
  if (!statement_.Fetch() || block.rows == 0) {
    is_at_end_ = true;
    return false;
  }
  if (block.rows > block.statuses.size()) {
    throw Error(Text("cannot ", statement_.doing(), ": the driver gives ", block.rows,
                     " rows where ", block.statuses.size(), " were asked for"));
  }
  CheckStatuses(block);
  return true;
}

void BlockCursor::CheckStatuses(const RowBlock& block) {
  for (size_t row = 0; row < block.rows; ++row) {
    const SQLUSMALLINT status = block.statuses[row];
    if (status == SQL_ROW_SUCCESS || status == SQL_ROW_SUCCESS_WITH_INFO) continue;
    throw DatabaseError(
        statement_.doing(), "SQLFetch", statement_.Diagnostics(),
        Text("row ", rows_read_ + static_cast<int64_t>(row) + 1, " could not be read"));
  }
}

void BlockCursor::CheckFixed(const Column& column, const RowBlock& block,
                             const BlockColumn& values) const {
  for (size_t row = 0; row < block.rows; ++row) {
    const SQLLEN indicator = values.indicators[row];
    if (indicator >= 0) continue;
    if (indicator == SQL_NULL_DATA) {
      CheckNull(column, block.first_row + static_cast<int64_t>(row),
                {values.buffer.data() + row * values.width, values.width});
      continue;
    }
    Refuse(column, block.first_row + static_cast<int64_t>(row),
           Text("the driver gives a length of ", indicator));
  }
}

void BlockCursor::CheckNull(const Column& column, int64_t row,
                            std::string_view bytes) const {
  if (!column.binding.null_is_untouched) return;
  if (bytes.find_first_not_of(kUntouched) == std::string_view::npos) return;
  Refuse(column, row,
         "it holds a date of zeros, which is none; cast the column to text in the query, "
         "or make NULL of it there");
}

size_t BlockCursor::FindCells(size_t index, RowBlock& block) {
  const Column& column = columns_[index];
  BlockColumn& values = block.columns[index];
  const size_t room = column.binding.room();
  // Some drivers give, of a value that they have cut, the length of what they delivered.
  const size_t longest_whole = column.binding.may_be_cut ? room - 1 : room;
  values.cells.resize(block.rows);
  size_t cut = 0;
  for (size_t row = 0; row < block.rows; ++row) {
    const SQLLEN indicator = values.indicators[row];
    if (indicator >= 0 && static_cast<size_t>(indicator) <= longest_whole) {
      values.cells[row] = {values.buffer.data() + row * values.width,
                           static_cast<size_t>(indicator)};
      block.bytes += static_cast<size_t>(indicator);
      continue;
    }
    values.cells[row] = {};
    if (indicator == SQL_NULL_DATA) continue;
    ++cut;
    const int64_t number = block.first_row + static_cast<int64_t>(row);
    if (!column.binding.may_be_cut && indicator >= 0) {
      // The driver has described its column as narrower than it is.
      Refuse(column, number,
             Text("the value has ", indicator, " bytes, more than the ", room,
                  " of its column"));
    }
    statement_.MoveTo(row + 1);
    values.cells[row] = FetchCell(index, indicator, number, values);
    block.bytes += values.cells[row].size();
  }
  return cut;
}

std::string_view BlockCursor::FetchCell(size_t index, SQLLEN announced, int64_t row,
                                        BlockColumn& values) {
  const Column& column = columns_[index];
  if (announced < 0 && announced != SQL_NO_TOTAL) {
    Refuse(column, row, Text("the driver gives a length of ", announced));
  }
  std::string& value = values.long_values.emplace_back();
  const auto number = static_cast<SQLUSMALLINT>(index + 1);
  if (!statement_.GetData(number, column.binding.c_type, value)) {
    if (is_bound_) Refuse(column, row, "the driver gives NULL for a value that it cut");
    return {};
  }
  const auto length = static_cast<size_t>(announced);
  // A driver may have announced the length of the part that it delivered.
  const bool may_be_more = length == column.binding.room() && value.size() > length;
  if (announced != SQL_NO_TOTAL && value.size() != length && !may_be_more) {
    Refuse(column, row, "the driver gives other bytes than it announced");
  }
  if (value.size() > kLongestValue) Refuse(column, row, "the value is longer than 2 GiB");
  return value;
}

bool BlockCursor::FillRowByRow(RowBlock& block) {
  block.rows = 0;
  is_near_end_ = false;
  while (block.rows < rows_per_block_ && block.bytes < kMostBytes) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      std::vector<char>& buffer = one_row_.columns[i].buffer;
      if (columns_[i].binding.null_is_untouched) {
        std::fill(buffer.begin(), buffer.end(), kUntouched);
      }
    }
    if (!Fetch(one_row_)) {
      is_near_end_ = true;
      break;
    }
    AppendRow(block);
    ++block.rows;
    ++rows_read_;
  }
  return block.rows > 0;
}

void BlockCursor::AppendRow(RowBlock& block) {
  const auto at = static_cast<size_t>(block.rows);
  for (size_t i = 0; i < columns_.size(); ++i) {
    const ColumnBinding& binding = columns_[i].binding;
    BlockColumn& to = block.columns[i];
    if (!is_bound_) {
      AppendUnbound(i, at, to);
    } else if (const BlockColumn& from = one_row_.columns[i]; !binding.has_length) {
      one_row_.first_row = rows_read_ + 1;
      CheckFixed(columns_[i], one_row_, from);
      to.indicators[at] = from.indicators[0];
      std::memcpy(to.buffer.data() + at * to.width, from.buffer.data(), to.width);
    } else if (const SQLLEN length = from.indicators[0]; length == SQL_NULL_DATA) {
      to.cells.emplace_back();
    } else if (length >= 0 && static_cast<size_t>(length) <
                                  binding.room() + (binding.may_be_cut ? 0 : 1)) {
      char* const place = to.buffer.data() + at * to.width;
      std::memcpy(place, from.buffer.data(), static_cast<size_t>(length));
      to.cells.emplace_back(place, static_cast<size_t>(length));
    } else {
      to.cells.push_back(FetchCell(i, length, rows_read_ + 1, to));
    }
    block.bytes += binding.has_length ? to.cells.back().size() : to.width;
  }
}

void BlockCursor::AppendUnbound(size_t index, size_t row, BlockColumn& values) {
  const std::string_view cell = FetchCell(index, SQL_NO_TOTAL, rows_read_ + 1, values);
  if (columns_[index].binding.has_length) {
    values.cells.push_back(cell);
    return;
  }
  values.indicators[row] = cell.data() == nullptr ? SQL_NULL_DATA : 0;
  const size_t length = std::min(cell.size(), values.width);
  if (length > 0) {
    std::memcpy(values.buffer.data() + row * values.width, cell.data(), length);
  }
  values.long_values.clear();
}

void BlockCursor::Widen(size_t index, const BlockColumn& values) {
  size_t longest = 0;
  for (const std::string_view cell : values.cells) {
    longest = std::max(longest, cell.size());
  }
  ColumnBinding& binding = columns_[index].binding;
  // One more than the longest, because a full buffer may hide a cut value.
  const size_t wanted = longest + 1 + 2 * sizeof(SQLWCHAR);
  binding.width = std::max(binding.width, std::min(wanted, kWidestValue) /
                                              sizeof(SQLWCHAR) * sizeof(SQLWCHAR));
}

void BlockCursor::Refuse(const Column& column, int64_t row, std::string_view what) const {
  throw Error(Text("cannot ", statement_.doing(), ": column '", column.name, "', row ",
                   row, ": ", what));
}

}  // namespace aft
