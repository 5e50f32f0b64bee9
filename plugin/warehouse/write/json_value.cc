// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/json_value.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "host_shim/error.h"
#include "plugin/warehouse/values/value_text.h"

namespace aft {
namespace {

void AppendQuoted(std::string& json, std::string_view text) {
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += "\\u00" + FormatHex({&c, 1});
    } else {
      json += c;
    }
  }
  json += '"';
}

void AppendReal(std::string& json, double value, const CellPlace& place) {
  if (!std::isfinite(value)) {
    RefuseCell(place, Text(std::isnan(value) ? "NaN (not a number)" : "infinity",
                           " in a list, and JSON, which lists become in this column, has "
                           "no such number"));
  }
  const std::string text = FormatReal(value);
  json += text;
  // A double reads back as one.
  if (text.find_first_of(".e") == std::string::npos) json += ".0";
}

}  // namespace

void AppendJson(std::string& json, const ArrowColumn& column, int64_t row,
                const CellPlace& place) {
  switch (column.type().kind) {
    case Kind::kBoolean:
    case Kind::kInteger:
    case Kind::kJson:
      json += CellText(column, row, place);
      return;
    case Kind::kReal:
      return AppendReal(json, column.Real(row), place);
    case Kind::kText:
      CheckText(column.Bytes(row), /*allows_nul=*/true, place);
      return AppendQuoted(json, column.Bytes(row));
    case Kind::kBinary:
      RefuseCell(place,
                 "bytes in a list, and JSON, which lists become in this column, "
                 "has none");
    case Kind::kTimestamp: {
      std::string text = CellText(column, row, place);
      std::replace(text.begin(), text.end(), ' ', 'T');
      return AppendQuoted(json, text);
    }
    default:
      return AppendQuoted(json, CellText(column, row, place));
  }
}

}  // namespace aft
