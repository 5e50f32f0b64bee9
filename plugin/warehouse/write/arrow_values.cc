// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/arrow_values.h"

#include <limits>
#include <string>

#include "plugin/warehouse/arrow/array_builder.h"
#include "plugin/warehouse/arrow/variable_builder.h"
#include "plugin/warehouse/values/utf8.h"

namespace aft {
namespace {

/// The most digits that an integer of so many bits has.
int Digits(int bits) { return bits == 8 ? 3 : bits == 16 ? 5 : bits == 32 ? 10 : 20; }

bool IsIntegerWithin(const ValueType& values, const ColumnType& column) {
  constexpr int kExactInDouble = 32;
  switch (column.kind) {
    case ColumnKind::kInteger:
      if (values.is_unsigned == column.is_unsigned) return values.bits <= column.bits;
      return values.is_unsigned && values.bits < column.bits;
    case ColumnKind::kDecimal:
      return Digits(values.bits) <= column.precision.value_or(0) - column.scale;
    case ColumnKind::kReal:
      return column.bits == 53 && values.bits <= kExactInDouble;
    default:
      return false;
  }
}

bool IsDecimalWithin(const ValueType& values, const ColumnType& column) {
  return column.precision && values.scale <= column.scale &&
         values.precision - values.scale <= *column.precision - column.scale;
}

/// Where times have more digits than Arrow's microseconds, they go as texts.
bool GoesAsText(const FittedColumn& column) {
  constexpr int kMicroDigits = 6;
  switch (column.form()) {
    case Form::kText:
    case Form::kDecimal:
      return true;
    case Form::kTime:
    case Form::kTimestamp:
      return column.target().type.second_digits > kMicroDigits;
    default:
      return false;
  }
}

template <typename Builder, typename Append>
Unique<ArrowArray> Build(const FittedColumn& column, int64_t from, int64_t count,
                         const Append& append) {
  Builder builder;
  for (int64_t row = from; row < from + count; ++row) {
    if (column.IsNull(row)) {
      column.CheckNull(row);
      builder.AppendNull();
    } else {
      append(builder, row);
    }
  }
  return builder.Finish();
}

template <typename T, typename Value>
Unique<ArrowArray> BuildFixed(const FittedColumn& column, int64_t from, int64_t count,
                              const Value& value) {
  return Build<FixedBuilder<T>>(column, from, count, [&](auto& builder, int64_t row) {
    builder.Append(static_cast<T>(value(row)));
  });
}

template <typename Offset>
bool AreTexts(const ArrowArray& array, int64_t from, int64_t count) {
  const auto* const offsets = static_cast<const Offset*>(array.buffers[1]) + from;
  const auto* const bytes = static_cast<const char*>(array.buffers[2]);
  if (bytes == nullptr) return offsets[0] == offsets[count];
  for (int64_t row = 0; row < count; ++row) {
    // A character that begins in one text may not end in the next.
    const bool is_empty = offsets[row] == offsets[count];
    const auto first = is_empty ? 0U : static_cast<unsigned char>(bytes[offsets[row]]);
    if ((first & 0xC0U) == 0x80U) return false;
  }
  const auto size = static_cast<size_t>(offsets[count] - offsets[0]);
  return IsUtf8({bytes + offsets[0], size});
}

template <typename T>
bool AreFinite(const ArrowArray& array, int64_t from, int64_t count) {
  const auto* const values = static_cast<const T*>(array.buffers[1]) + from;
  constexpr T kMost = std::numeric_limits<T>::max();
  bool is_any_infinite = false;
  for (int64_t row = 0; row < count; ++row) {
    is_any_infinite |= values[row] == kMost || values[row] <= -kMost;
  }
  return !is_any_infinite;
}

Unique<ArrowArray> BuildTexts(const FittedColumn& column, int64_t from, int64_t count) {
  std::string buffer;
  return Build<BytesBuilder>(column, from, count, [&](auto& builder, int64_t row) {
    builder.Append(column.Text(row, /*says_zone=*/true, buffer));
  });
}

}  // namespace

bool IsWithin(const ValueType& values, const ColumnType& column) {
  switch (values.kind) {
    case Kind::kNull:
      return true;
    case Kind::kBoolean:
      return column.kind == ColumnKind::kBoolean;
    case Kind::kInteger:
      return IsIntegerWithin(values, column);
    case Kind::kReal:
      return column.kind == ColumnKind::kReal && column.bits == 53;
    case Kind::kDecimal:
      return column.kind == ColumnKind::kDecimal && IsDecimalWithin(values, column);
    case Kind::kText:
      return column.kind == ColumnKind::kText;
    case Kind::kBinary:
      return column.kind == ColumnKind::kBinary;
    case Kind::kDate:
      return column.kind == ColumnKind::kDate;
    case Kind::kTime:
      return column.kind == ColumnKind::kTime && values.digits <= column.second_digits;
    case Kind::kTimestamp:
      return column.kind == ColumnKind::kTimestamp &&
             column.has_zone == values.has_zone && values.digits <= column.second_digits;
    case Kind::kList:
      return column.kind == ColumnKind::kArray &&
             IsWithin(Leaf(values), column.element.front());
    default:
      return false;
  }
}

Unique<ArrowSchema> FittedSchema(const FittedColumn& column) {
  const auto format = [&]() -> std::string {
    if (GoesAsText(column)) return "u";
    switch (column.form()) {
      case Form::kBoolean:
        return "b";
      case Form::kInteger:
        return "l";
      case Form::kUnsigned:
        return "L";
      case Form::kReal:
        return "g";
      case Form::kBytes:
        return "z";
      case Form::kDate:
        return "tdD";
      case Form::kTime:
        return "ttu";
      case Form::kTimestamp:
        return column.target().type.has_zone == true ? "tsu:UTC" : "tsu:";
      default:
        return "n";
    }
  };
  return MakeSchema(format(), column.name());
}

Unique<ArrowArray> FittedValues(const FittedColumn& column, int64_t from, int64_t count) {
  if (GoesAsText(column)) return BuildTexts(column, from, count);
  switch (column.form()) {
    case Form::kBoolean:
      return Build<BooleanBuilder>(column, from, count, [&](auto& builder, int64_t row) {
        builder.Append(column.Boolean(row));
      });
    case Form::kInteger:
      return BuildFixed<int64_t>(column, from, count,
                                 [&](int64_t row) { return column.Integer(row); });
    case Form::kUnsigned:
      return BuildFixed<uint64_t>(column, from, count,
                                  [&](int64_t row) { return column.Unsigned(row); });
    case Form::kReal:
      return BuildFixed<double>(column, from, count,
                                [&](int64_t row) { return column.Real(row); });
    case Form::kDate:
      return BuildFixed<int32_t>(column, from, count,
                                 [&](int64_t row) { return column.Days(row); });
    case Form::kTime:
      return BuildFixed<int64_t>(column, from, count,
                                 [&](int64_t row) { return column.TimeOfDay(row); });
    case Form::kTimestamp:
      return BuildFixed<int64_t>(column, from, count,
                                 [&](int64_t row) { return column.Moment(row); });
    case Form::kBytes:
      return Build<BytesBuilder>(column, from, count, [&](auto& builder, int64_t row) {
        builder.Append(column.Bytes(row));
      });
    default: {
      NullBuilder builder;
      for (int64_t row = from; row < from + count; ++row) {
        column.CheckNull(row);
        builder.AppendNull();
      }
      return builder.Finish();
    }
  }
}

bool AreSurelyTexts(const ArrowArray& array, std::string_view format, int64_t from,
                    int64_t count) {
  if (format == "u") return AreTexts<int32_t>(array, array.offset + from, count);
  if (format == "U") return AreTexts<int64_t>(array, array.offset + from, count);
  return false;
}

bool AreSurelyFinite(const ArrowArray& array, std::string_view format, int64_t from,
                     int64_t count) {
  if (format == "tdD") return AreFinite<int32_t>(array, array.offset + from, count);
  if (format.starts_with("tsu")) {
    return AreFinite<int64_t>(array, array.offset + from, count);
  }
  return false;
}

void CheckTexts(const FittedColumn& column, int64_t from, int64_t count) {
  std::string buffer;
  for (int64_t row = from; row < from + count; ++row) {
    if (!column.IsNull(row)) (void)column.Text(row, /*says_zone=*/true, buffer);
  }
}

}  // namespace aft
