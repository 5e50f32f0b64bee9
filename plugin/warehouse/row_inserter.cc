// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/row_inserter.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

constexpr int64_t kRowsBetweenCalls = 4096;
// What the values of several rows may take in memory.
constexpr size_t kMostBytes = 1U << 20;

void CheckBatch(const ArrowArray& batch, size_t columns, const std::string& doing) {
  if (batch.n_children != static_cast<int64_t>(columns) || batch.length < 0 ||
      batch.offset < 0) {
    throw Error(Text("cannot ", doing, ": a batch has ", batch.n_children,
                     " columns where the frame's schema has ", columns));
  }
  if (batch.n_buffers < 1 || batch.buffers[0] == nullptr || batch.null_count == 0) return;
  const auto* const bitmap = static_cast<const uint8_t*>(batch.buffers[0]);
  for (int64_t at = batch.offset; at < batch.offset + batch.length; ++at) {
    if ((bitmap[at / 8] >> (at % 8) & 1) != 0) continue;
    throw Error(Text("cannot ", doing, ": a whole row of the frame is null"));
  }
}

}  // namespace

RowInserter::RowInserter(odbc::Connection& connection, const Dialect& dialect,
                         const std::string& sql, std::vector<WriteColumn> columns,
                         std::string doing)
    : connection_(connection),
      dialect_(dialect),
      limits_(dialect.Limits()),
      doing_(std::move(doing)),
      statement_(connection, doing_),
      columns_(std::move(columns)),
      widths_(columns_.size()) {
  statement_.Prepare(sql);
}

void RowInserter::Insert(const ArrowArray& batch,
                         const std::function<void()>& between_rows) {
  CheckBatch(batch, columns_.size(), doing_);
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].column().SetArray(*batch.children[i], batch.offset, batch.length);
    bytes_ += columns_[i].column().CountBytes();
  }
  for (int64_t row = 0; row < batch.length;) {
    const int64_t count = Reserve(row, batch.length);
    for (int64_t slot = 0; slot < count; ++slot) {
      for (WriteColumn& column : columns_) {
        column.Load(static_cast<size_t>(slot), row + slot, rows_ + slot + 1);
      }
    }
    Execute(count);
    row += count;
    const int64_t calls = rows_ / kRowsBetweenCalls;
    rows_ += count;
    if (rows_ / kRowsBetweenCalls > calls) between_rows();
  }
}

int64_t RowInserter::Reserve(int64_t row, int64_t end) {
  std::fill(widths_.begin(), widths_.end(), 0);
  int64_t count = 0;
  const int64_t most = std::min(limits_.rows, end - row);
  const size_t most_bytes =
      limits_.bytes == 0 ? kMostBytes : std::min(kMostBytes, limits_.bytes);
  for (; count < most; ++count) {
    const size_t bytes = WidthWith(row + count) * static_cast<size_t>(count + 1);
    if (count > 0 && bytes > most_bytes) break;
    for (size_t i = 0; i < columns_.size(); ++i) {
      widths_[i] = std::max(widths_[i], columns_[i].Width(row + count));
    }
    if (count == 0) CheckSize(rows_ + 1);
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].Reserve(static_cast<size_t>(count), widths_[i])) continue;
    columns_[i].Bind(statement_, static_cast<SQLUSMALLINT>(i + 1));
  }
  return count;
}

size_t RowInserter::WidthWith(int64_t row) const {
  size_t width = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    width += std::max(widths_[i], columns_[i].Width(row));
  }
  return width;
}

void RowInserter::CheckSize(int64_t row) const {
  size_t width = 0;
  for (const size_t each : widths_) width += each;
  if (limits_.bytes == 0 || width <= limits_.bytes) return;
  const auto longest = std::max_element(widths_.begin(), widths_.end());
  const auto column = static_cast<size_t>(longest - widths_.begin());
  throw Error(Text("cannot ", doing_, ": column '", columns_[column].column().name(),
                   "', row ", row, " holds ", *longest - 1,
                   " bytes, and the server takes ", limits_.bytes, " for a row"));
}

void RowInserter::Execute(int64_t rows) {
  if (rows != rows_per_execution_) {
    statement_.SetRowsPerExecution(static_cast<SQLULEN>(rows));
    rows_per_execution_ = rows;
  }
  const std::string place =
      rows == 1 ? Text("in row ", rows_ + 1, " of the frame")
                : Text("in rows ", rows_ + 1, " to ", rows_ + rows, " of the frame");
  try {
    statement_.Execute();
    dialect_.CheckInserted(connection_, doing_);
  } catch (const odbc::OdbcError& error) {
    // The server counts the rows of one execution, if any.
    if (error.IsConnectionLost()) throw;
    throw odbc::OdbcError(error, place);
  }
}

}  // namespace aft
