// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/list_check.h"

#include <charconv>
#include <limits>
#include <string_view>

#include "plugin/warehouse/arrow/arrow_column.h"
#include "plugin/warehouse/values/utf8.h"
#include "plugin/warehouse/write/arrow_values.h"

namespace aft {
namespace {

struct Range {
  int64_t from;
  int64_t count;
};

template <typename Offset>
Range Between(const ArrowArray& array, int64_t from, int64_t count) {
  const auto* const offsets =
      static_cast<const Offset*>(array.buffers[1]) + array.offset + from;
  return {offsets[0], offsets[count] - offsets[0]};
}

/// The rows of the elements' array that the lists reach. Of other layouts, all.
Range Elements(const ArrowArray& array, std::string_view format, int64_t from,
               int64_t count) {
  if (format == "+l") return Between<int32_t>(array, from, count);
  if (format == "+L") return Between<int64_t>(array, from, count);
  if (format.starts_with("+w:")) {
    int64_t size = 0;
    std::from_chars(format.data() + 3, format.data() + format.size(), size);
    return {(array.offset + from) * size, count * size};
  }
  return {0, array.children[0]->length};
}

bool IsText(const ArrowColumn& column, int64_t row) { return IsUtf8(column.Bytes(row)); }

bool IsFinite(const ArrowColumn& column, int64_t row) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMostDays = std::numeric_limits<int32_t>::max();
  const bool is_date = column.type().kind == Kind::kDate;
  const int64_t most = is_date ? kMostDays : kMost;
  const int64_t value = column.Integer(row);
  return value < most && value > -most;
}

/// The same of the elements, one by one.
bool HoldAll(const ArrowArray& array, const ArrowSchema& schema, const Range& rows,
             bool (*holds)(const ArrowColumn&, int64_t)) {
  ArrowColumn column(schema, "look into lists");
  column.SetArray(array, rows.from, rows.count);
  for (int64_t row = 0; row < rows.count; ++row) {
    if (!column.IsNull(row) && !holds(column, row)) return false;
  }
  return true;
}

bool HoldTextsAndDates(const ArrowArray& array, const ArrowSchema& schema, int64_t from,
                       int64_t count) {
  if (count == 0) return true;
  const std::string_view format = schema.format;
  if (format.starts_with('+')) {
    const Range elements = Elements(array, format, from, count);
    return HoldTextsAndDates(*array.children[0], *schema.children[0], elements.from,
                             elements.count);
  }
  const Range rows{from, count};
  switch (ArrowColumn(schema, "look into lists").type().kind) {
    case Kind::kText:
      return AreSurelyTexts(array, format, from, count) ||
             HoldAll(array, schema, rows, IsText);
    case Kind::kDate:
    case Kind::kTimestamp:
      return AreSurelyFinite(array, format, from, count) ||
             HoldAll(array, schema, rows, IsFinite);
    default:
      return true;
  }
}

}  // namespace

std::optional<int64_t> FindUnfitList(const ArrowArray& array, const ArrowSchema& schema,
                                     int64_t from, int64_t count) {
  if (HoldTextsAndDates(array, schema, from, count)) return std::nullopt;
  int64_t at = 0;
  while (at + 1 < count && HoldTextsAndDates(array, schema, from + at, 1)) ++at;
  return at;
}

}  // namespace aft
