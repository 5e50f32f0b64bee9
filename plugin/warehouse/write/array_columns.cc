// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/array_columns.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/odbc/statement.h"
#include "plugin/warehouse/write/batch.h"
#include "plugin/warehouse/write/refused_row.h"

namespace aft {
namespace {

constexpr int64_t kRowsPerBlock = 10'000;
constexpr size_t kBytesPerBlock = 8U << 20;
constexpr int64_t kMostRowsAtOnce = 2048;

/// So few rows of the batch that they seldom go beyond a block's bytes.
int64_t RowsAtOnce(int64_t bytes, int64_t rows) {
  if (rows == 0) return 1;
  const int64_t bytes_of_row = std::max<int64_t>(bytes / rows, 1);
  const auto quarter = static_cast<int64_t>(kBytesPerBlock / 4);
  return std::clamp<int64_t>(quarter / bytes_of_row, 1, kMostRowsAtOnce);
}

}  // namespace

ArrayColumns::ArrayColumns(odbc::Connection& connection, const std::string& table,
                           std::vector<ArraySource> columns,
                           std::function<void()> make_again, std::string doing)
    : connection_(connection),
      columns_(std::move(columns)),
      make_again_(std::move(make_again)),
      doing_(std::move(doing)) {
  std::string targets;
  for (const ArraySource& column : columns_) {
    targets += Text(targets.empty() ? "" : ", ", column.target);
  }
  insert_ = Text("INSERT INTO ", table, " (", targets, ") SELECT ");
  // Planning for the very arrays would copy them several times. The setting ends with the
  // transaction; servers without it are left alone.
  odbc::Statement(connection_, doing_)
      .ExecuteDirect(
          "SELECT set_config(name, 'force_generic_plan', true) FROM pg_settings WHERE "
          "name = 'plan_cache_mode'");
  for (Block& block : blocks_) {
    block.arrays.assign(columns_.size(), std::string(kArrayHeader, '\0'));
    block.first_row = 1;
  }
}

void ArrayColumns::Insert(const ArrowArray& batch,
                          const std::function<void()>& between_rows) {
  CheckBatch(batch, columns_.size(), doing_);
  int64_t bytes = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    FittedColumn& column = columns_[i].encoder.column();
    column.SetArray(*batch.children[i], batch.offset, batch.length, rows_);
    bytes += column.CountBytes();
  }
  bytes_ += bytes;
  const int64_t at_once = RowsAtOnce(bytes, batch.length);
  for (int64_t row = 0; row < batch.length;) {
    const int64_t room = kRowsPerBlock - filling().rows;
    const int64_t count = std::min({at_once, room, batch.length - row});
    Append(row, count);
    row += count;
    size_t size = 0;
    for (const std::string& array : filling().arrays) size += array.size();
    if (filling().rows < kRowsPerBlock && size < kBytesPerBlock) continue;
    Send();
    between_rows();
  }
}

void ArrayColumns::Append(int64_t from, int64_t count) {
  Block& block = filling();
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].encoder.Append(from, count, block.arrays[i]);
  }
  block.rows += count;
  rows_ += count;
}

void ArrayColumns::Send() {
  Block& block = filling();
  if (block.rows == 0) return;
  pipeline_.Start([this, &block] { Execute(block); });
  filling_ = 1 - filling_;
  for (std::string& array : filling().arrays) array.resize(kArrayHeader);
  filling().first_row = rows_ + 1;
  filling().rows = 0;
}

void ArrayColumns::Execute(Block& block) {
  try {
    Insert(block, 0, block.rows);
  } catch (const DatabaseError& error) {
    if (error.IsConnectionLost()) throw;
    throw NameRefusedRow(connection_, error, {block.first_row, block.rows},
                         [&](int64_t from, int64_t count) {
                           make_again_();
                           Insert(block, from, count);
                         });
  }
}

void ArrayColumns::Insert(Block& block, int64_t from, int64_t count) {
  odbc::Statement statement(connection_, doing_);
  std::vector<SQLLEN> sizes(block.arrays.size());
  for (size_t i = 0; i < block.arrays.size(); ++i) {
    std::string& array = block.arrays[i];
    PutArrayHeader(array, columns_[i].encoder.element(),
                   static_cast<uint32_t>(block.rows));
    sizes[i] = static_cast<SQLLEN>(array.size());
    odbc::Parameter parameter;
    parameter.c_type = SQL_C_BINARY;
    parameter.sql_type = SQL_VARBINARY;
    parameter.size = array.size();
    parameter.value = array.data();
    parameter.capacity = sizes[i];
    parameter.indicator = &sizes[i];
    statement.BindParameter(static_cast<SQLUSMALLINT>(i + 1), parameter);
  }
  statement.ExecuteDirect(Sql(block, from, count));
  const int64_t taken = statement.RowCount();
  if (taken < 0) taken_.reset();
  if (taken_) *taken_ += taken;
}

std::string ArrayColumns::Sql(const Block& block, int64_t from, int64_t count) const {
  std::string sql = insert_;
  const bool is_part = count < block.rows;
  for (const ArraySource& column : columns_) {
    std::string array = Text("?::", SqlName(column.encoder.element()), "[]");
    if (is_part) array = Text("(", array, ")[", from + 1, ":", from + count, "]");
    // In the select list, the server streams the rows; FROM unnest(…) would store them.
    const std::string& cast = column.encoder.cast();
    sql += Text(&column == columns_.data() ? "" : ", ", "unnest(", array, ")",
                cast.empty() ? "" : "::", cast);
  }
  return sql;
}

void ArrayColumns::Finish() {
  Send();
  pipeline_.Wait();
}

}  // namespace aft
