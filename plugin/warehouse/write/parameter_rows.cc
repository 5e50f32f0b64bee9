// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/parameter_rows.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/write/batch.h"
#include "plugin/warehouse/write/refused_row.h"

namespace aft {
namespace {

constexpr int64_t kRowsBetweenCalls = 4096;
// What the values of several rows may take in memory.
constexpr size_t kMostBytes = 4U << 20;

}  // namespace

ParameterRows::ParameterRows(odbc::Connection& connection, const Dialect& dialect,
                             InsertLimits limits, const std::string& sql,
                             std::vector<WriteColumn> columns, std::string doing)
    : connection_(connection),
      dialect_(dialect),
      limits_(limits),
      doing_(std::move(doing)),
      statement_(connection, doing_),
      columns_(std::move(columns)),
      widths_(columns_.size()) {
  if (dialect.Parameters().tells_count) taken_ = 0;
  statement_.Prepare(sql);
}

void ParameterRows::Insert(const ArrowArray& batch,
                           const std::function<void()>& between_rows) {
  CheckBatch(batch, columns_.size(), doing_);
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].column().SetArray(*batch.children[i], batch.offset, batch.length, rows_);
    bytes_ += columns_[i].column().CountBytes();
  }
  for (int64_t row = 0; row < batch.length;) {
    const int64_t count = Reserve(row, batch.length);
    for (int64_t slot = 0; slot < count; ++slot) {
      for (WriteColumn& column : columns_) {
        column.Load(static_cast<size_t>(slot), row + slot);
      }
    }
    Execute(count);
    row += count;
    const int64_t calls = rows_ / kRowsBetweenCalls;
    rows_ += count;
    if (rows_ / kRowsBetweenCalls > calls) between_rows();
  }
}

int64_t ParameterRows::Reserve(int64_t row, int64_t end) {
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

size_t ParameterRows::WidthWith(int64_t row) const {
  size_t width = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    width += std::max(widths_[i], columns_[i].Width(row));
  }
  return width;
}

void ParameterRows::CheckSize(int64_t row) const {
  size_t width = 0;
  for (const size_t each : widths_) width += each;
  if (limits_.bytes == 0 || width <= limits_.bytes) return;
  const auto longest = std::max_element(widths_.begin(), widths_.end());
  const auto column = static_cast<size_t>(longest - widths_.begin());
  throw Error(Text("cannot ", doing_, ": column '", columns_[column].column().name(),
                   "', row ", row, " holds ", *longest - 1,
                   " bytes, and the server takes ", limits_.bytes, " for a row"));
}

// Of one row, a trigger may rightly have made none. Where it has made more, they are not
// the table's own alone.
void ParameterRows::Count(int64_t rows) {
  if (!taken_) return;
  const int64_t count = statement_.RowCount();
  if (count < 0 || (rows == 1 && count > 1)) return taken_.reset();
  *taken_ += count;
  if (rows == 1 || count == rows) return;
  throw Error(Text("cannot ", doing_, ": ", rows, " rows were sent, and the driver says ",
                   "that the database has taken ", count, " of them, ",
                   RowsOfFrame(rows_ + 1, rows)));
}

void ParameterRows::Execute(int64_t rows) {
  try {
    Send(rows);
  } catch (const DatabaseError& error) {
    if (error.IsConnectionLost()) throw;
    throw NameRefusedRow(connection_, error, {rows_ + 1, rows},
                         [this](int64_t from, int64_t count) { SendPart(from, count); });
  }
}

void ParameterRows::Send(int64_t rows) {
  if (rows != rows_per_execution_) {
    statement_.SetRowsPerExecution(static_cast<SQLULEN>(rows));
    rows_per_execution_ = rows;
  }
  statement_.Execute();
  dialect_.CheckInserted(connection_, doing_);
  Count(rows);
}

void ParameterRows::SendPart(int64_t from, int64_t count) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].Bind(statement_, static_cast<SQLUSMALLINT>(i + 1),
                     static_cast<size_t>(from));
  }
  Send(count);
}

}  // namespace aft
