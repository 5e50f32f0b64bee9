// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/postgres_type.h"

#include <algorithm>
#include <array>

#include "plugin/warehouse/dialects/named_type.h"

namespace aft {
namespace {

constexpr std::array<NamedType, 22> kTypes = {{
    {"bool", ColumnKind::kBoolean},
    {"int2", ColumnKind::kInteger, 16},
    {"int4", ColumnKind::kInteger, 32},
    {"int8", ColumnKind::kInteger, 64},
    {"oid", ColumnKind::kInteger, 32},
    {"float4", ColumnKind::kReal, 24},
    {"float8", ColumnKind::kReal, 53},
    {"numeric", ColumnKind::kDecimal},
    {"text", ColumnKind::kText},
    {"varchar", ColumnKind::kText},
    {"bpchar", ColumnKind::kText},
    {"citext", ColumnKind::kText},
    {"name", ColumnKind::kText},
    {"char", ColumnKind::kText},
    {"bytea", ColumnKind::kBinary},
    {"date", ColumnKind::kDate},
    {"time", ColumnKind::kTime},
    {"timestamp", ColumnKind::kTimestamp},
    {"timestamptz", ColumnKind::kTimestamp},
    {"uuid", ColumnKind::kUuid},
    {"json", ColumnKind::kJson},
    {"jsonb", ColumnKind::kJson},
}};

// The server adds it to lengths, and to precision and scale, which share a modifier.
constexpr int kModifierOffset = 4;

void ReadDigits(int modifier, ColumnType& type) {
  constexpr int kScaleBits = 0x7FF;
  constexpr int kScaleSign = 0x400;
  type.precision = (modifier - kModifierOffset) >> 16;
  const int scale = (modifier - kModifierOffset) & kScaleBits;
  type.scale = (scale ^ kScaleSign) - kScaleSign;
  type.holds_infinity = false;
}

void ReadLength(std::string_view name, int modifier, ColumnType& type) {
  // The longest of these are set by the server's own headers.
  type.counts_bytes = name == "name" || name == "char";
  if (type.counts_bytes) type.length = name == "name" ? 63 : 1;
  const bool is_limited = name == "varchar" || name == "bpchar";
  if (is_limited && modifier >= 0) type.length = modifier - kModifierOffset;
}

}  // namespace

ColumnType ReadPostgresType(std::string_view name, int modifier) {
  constexpr int kMicroDigits = 6;
  ColumnType type;
  const NamedType* const found = FindType(kTypes, name);
  if (found == nullptr) return type;
  type.kind = found->kind;
  type.bits = found->bits;
  type.is_unsigned = name == "oid";
  switch (type.kind) {
    case ColumnKind::kDecimal:
      if (modifier >= 0) ReadDigits(modifier, type);
      break;
    case ColumnKind::kText:
      ReadLength(name, modifier, type);
      break;
    case ColumnKind::kTime:
    case ColumnKind::kTimestamp:
      type.second_digits =
          modifier >= 0 ? std::min(modifier, kMicroDigits) : kMicroDigits;
      type.has_zone = name == "timestamptz";
      break;
    default:
      break;
  }
  return type;
}

ColumnType ReadPostgresArray(std::string_view element, int modifier) {
  ColumnType type;
  type.kind = ColumnKind::kArray;
  type.element = {ReadPostgresType(element, modifier)};
  return type;
}

}  // namespace aft
