// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/frame_cell.h"

#include <cmath>
#include <optional>

#include "plugin/warehouse/values/utf8.h"
#include "plugin/warehouse/values/value_text.h"

namespace aft {
namespace {

/// The value as text; nothing for a date or time that has none.
std::optional<std::string> TextOf(const ArrowColumn& column, int64_t row) {
  const ValueType& type = column.type();
  switch (type.kind) {
    case Kind::kBoolean:
      return column.Boolean(row) ? "true" : "false";
    case Kind::kInteger:
      return type.is_unsigned ? std::to_string(column.Unsigned(row))
                              : std::to_string(column.Integer(row));
    case Kind::kReal:
      return FormatReal(column.Real(row));
    case Kind::kDecimal:
      return FormatDecimal(column.Decimal(row), type.scale);
    case Kind::kDate:
      return FormatDate(column.Integer(row));
    case Kind::kTime:
      return FormatTime(column.Integer(row), type.digits);
    case Kind::kTimestamp:
      return FormatTimestamp(column.Integer(row), type.digits, type.has_zone);
    case Kind::kUuid:
      return FormatUuid(column.Bytes(row));
    default:
      return std::string(column.Bytes(row));
  }
}

std::string_view Noun(Kind kind) {
  switch (kind) {
    case Kind::kInteger:
      return "the integer ";
    case Kind::kReal:
      return "the double ";
    case Kind::kDecimal:
      return "the decimal ";
    case Kind::kDate:
      return "the date ";
    case Kind::kTime:
      return "the time ";
    case Kind::kTimestamp:
      return "the timestamp ";
    case Kind::kUuid:
      return "the UUID ";
    default:
      return "";
  }
}

/// The text in quotes, without what would make it too long to read.
std::string Quoted(std::string_view text) {
  constexpr size_t kMost = 40;
  if (text.size() <= kMost) return Text("the text '", text, "'");
  size_t end = kMost;
  const auto continues = [&](char c) { return (c & '\xC0') == '\x80'; };
  while (end > 0 && continues(text[end])) --end;
  return Text("the text '", text.substr(0, end), "…'");
}

std::string Refusal(const CellPlace& place, std::string_view what) {
  return Text("cannot ", place.doing, ": column '", place.column, "', row ",
              place.row_number, " holds ", what);
}

}  // namespace

std::string CellText(const ArrowColumn& column, int64_t row, const CellPlace& place) {
  const std::optional<std::string> text = TextOf(column, row);
  if (!text) RefuseYear(place);
  return *text;
}

std::string DescribeCell(const ArrowColumn& column, int64_t row) {
  const Kind kind = column.type().kind;
  if (kind == Kind::kText || kind == Kind::kJson) return Quoted(column.Bytes(row));
  if (kind == Kind::kBinary) return Text(column.Bytes(row).size(), " bytes");
  if (kind == Kind::kReal && !std::isfinite(column.Real(row))) {
    return std::isnan(column.Real(row)) ? "NaN (not a number)" : "infinity";
  }
  return Text(Noun(kind), TextOf(column, row).value_or("of another calendar"));
}

void CheckText(std::string_view text, bool allows_nul, const CellPlace& place) {
  if (!IsUtf8(text)) RefuseCell(place, "text that isn't valid UTF-8");
  if (!allows_nul && text.find('\0') != std::string_view::npos) {
    RefuseCell(place, "text with a NUL character, which the database can't hold");
  }
}

void RefuseCell(const CellPlace& place, std::string_view what) {
  throw Error(Refusal(place, what));
}

void RefuseMisfit(const CellPlace& place, std::string_view what) {
  throw MisfitError(Refusal(place, what), place.column);
}

void RefuseYear(const CellPlace& place) {
  RefuseCell(place, "a date or time outside of the years 1 to 9999");
}

}  // namespace aft
