// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/arrow_batches.h"

#include <algorithm>
#include <utility>

#include "plugin/warehouse/arrow/borrowed.h"
#include "plugin/warehouse/write/arrow_values.h"
#include "plugin/warehouse/write/batch.h"
#include "plugin/warehouse/write/list_check.h"

namespace aft {
namespace {

// Eight of DuckDB's own groups: it takes twice as long for a group at a time. Copies of
// the rows stay well below 2 GiB, which the offsets of texts reach.
constexpr int64_t kRowsAtOnce = 983'040;
constexpr int64_t kBytesAtOnce = 256LL << 20;

int64_t RowsAtOnce(int64_t bytes, int64_t rows) {
  if (rows == 0) return 1;
  const int64_t bytes_of_row = std::max<int64_t>(bytes / rows, 1);
  return std::clamp<int64_t>(kBytesAtOnce / bytes_of_row, 1, kRowsAtOnce);
}

/// Rows of a batch, which begins at `offset` of its arrays.
struct RowSpan {
  int64_t offset;
  int64_t from;
  int64_t count;
};

/// Whether rows of a column go as they are. A date may be one of those that stand for
/// infinity. Throws for a text that is none.
bool GoAsTheyAre(const BatchColumn& given, const ArrowArray& array, const RowSpan& rows) {
  const auto& [column, schema] = given;
  if (!IsWithin(column.values(), column.target().type)) {
    if (column.form() != Form::kArray) return false;
    // Each element fits, or is refused here.
    CheckTexts(column, rows.from, rows.count);
    return true;
  }
  // DuckDB 2.0 takes no half-precision numbers.
  if (schema->format == std::string_view("e")) return false;
  const Kind kind = column.values().kind;
  if (kind == Kind::kDate || kind == Kind::kTimestamp) {
    return AreSurelyFinite(array, schema->format, rows.offset + rows.from, rows.count);
  }
  if (kind == Kind::kText &&
      !AreSurelyTexts(array, schema->format, rows.offset + rows.from, rows.count)) {
    CheckTexts(column, rows.from, rows.count);
  }
  return true;
}

}  // namespace

ArrowBatches::ArrowBatches(BatchTaker& taker, std::string table, std::string names,
                           std::vector<BatchColumn> columns, std::string doing)
    : taker_(taker),
      table_(std::move(table)),
      names_(std::move(names)),
      columns_(std::move(columns)),
      doing_(std::move(doing)) {
  for (const auto& [column, schema] : columns_) {
    const bool is_within = IsWithin(column.values(), column.target().type);
    const bool is_nested = Depth(column.values()) > 1;
    if (column.form() != Form::kArray || is_within || !is_nested) continue;
    throw Error(Text("cannot ", doing_, ": the frame's column '", column.name(),
                     "' holds ", Describe(column.values()),
                     ", which would change in the table's column of type '",
                     column.target().type_name, "'; convert it first"));
  }
}

void ArrowBatches::Insert(const ArrowArray& batch,
                          const std::function<void()>& between_rows) {
  CheckBatch(batch, columns_.size(), doing_);
  int64_t bytes = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    FittedColumn& column = columns_[i].column;
    column.SetArray(*batch.children[i], batch.offset, batch.length, rows_);
    bytes += column.CountBytes();
  }
  const int64_t at_once = RowsAtOnce(bytes, batch.length);
  for (int64_t row = 0; row < batch.length; row += at_once) {
    Send(batch, row, std::min(at_once, batch.length - row));
    between_rows();
  }
  rows_ += batch.length;
  bytes_ += bytes;
}

void ArrowBatches::RefuseList(const FittedColumn& column, int64_t row) const {
  throw Error(
      Text("cannot ", doing_, ": column '", column.name(), "', row ", row,
           Leaf(column.values()).kind == Kind::kText
               ? " holds text that isn't valid UTF-8 in a list"
               : " holds a date or time outside of the years 1 to 9999 in a list"));
}

void ArrowBatches::Send(const ArrowArray& batch, int64_t from, int64_t count) {
  std::vector<Unique<ArrowSchema>> schemas;
  std::vector<Unique<ArrowArray>> arrays;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const auto& [column, schema] = columns_[i];
    const ArrowArray& array = *batch.children[i];
    if (column.form() == Form::kArray) {
      if (const auto at = FindUnfitList(array, *schema, batch.offset + from, count)) {
        RefuseList(column, rows_ + from + *at + 1);
      }
    }
    if (GoAsTheyAre(columns_[i], array, {batch.offset, from, count})) {
      schemas.push_back(CopySchema(*schema));
      arrays.push_back(BorrowRows(array, batch.offset + from, count));
    } else {
      schemas.push_back(FittedSchema(column));
      arrays.push_back(FittedValues(column, from, count));
    }
  }
  taker_.Insert(table_, names_, MakeBatchSchema(std::move(schemas)),
                MakeBatch(count, std::move(arrays)), doing_);
}

}  // namespace aft
