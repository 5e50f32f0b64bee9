// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/cell_text.h"

#include "host_shim/error.h"
#include "plugin/warehouse/values/utf8.h"
#include "plugin/warehouse/values/value_text.h"

namespace aft {
namespace {

constexpr size_t kExcerptLength = 60;

std::string Excerpt(std::string_view text) {
  if (text.size() <= kExcerptLength) return Text("'", text, "'");
  // Not into the middle of a character.
  size_t length = kExcerptLength;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
    --length;
  return Text("'", text.substr(0, length), "…'");
}

}  // namespace

std::string DescribeCell(std::string_view cell, CellFormat format) {
  if (format == CellFormat::kWideText) return Excerpt(FromUtf16(cell).value_or("?"));
  if (format != CellFormat::kTagged) return Excerpt(cell);
  const std::string_view value = cell.substr(1);
  switch (cell.front()) {
    case 'i':
      return Text("the integer ", value);
    case 'r':
      return Text("the double ", FormatReal(ParseReal(value).value_or(0)));
    case 't':
      return Text("the text ", Excerpt(value));
    case 'h':
      return "a text with a NUL character";
    case 'b':
      return Text(value.size() / 2, " bytes of binary data");
    default:
      return Text("the integer ", cell);
  }
}

void ColumnSource::Refuse(int64_t row, std::string_view what,
                          std::string_view advice) const {
  throw Error(Text("cannot read column '", column, "'",
                   relation.empty() ? "" : Text(" of ", relation), ": row ", row,
                   " holds ", what, "; ", advice));
}

}  // namespace aft
