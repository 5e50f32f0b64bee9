// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/convert.h"

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/warehouse/arrow/array_builder.h"
#include "plugin/warehouse/arrow/variable_builder.h"
#include "plugin/warehouse/read/cell_parser.h"
#include "plugin/warehouse/read/cell_text.h"
#include "plugin/warehouse/read/list_column.h"
#include "plugin/warehouse/read/struct_column.h"
#include "plugin/warehouse/values/decimal_real.h"
#include "plugin/warehouse/values/utf8.h"

namespace aft {
namespace {

constexpr size_t kLongestArray = 0x7FFFFFFF;

/// Calls `append` for each value of the rows, with its place among them, and says of each
/// whether it is one.
template <typename IsNull, typename Append>
void ForEach(const RowRange& rows, Bitmap& validity, const IsNull& is_null,
             const Append& append) {
  for (size_t i = 0; i < rows.count; ++i) {
    const bool is_valid = !is_null(rows.from + i);
    validity.Append(is_valid);
    if (is_valid) append(i);
  }
}

/// A date or timestamp of PostgreSQL that is none of the calendar.
bool IsInfiniteDate(std::string_view cell) {
  return cell == "infinity" || cell == "-infinity";
}

/// Numbers, dates and times from cells: `Stored` in the array, `Parser::Value` as parsed.
template <typename Stored, typename Parser>
class ParsedColumn final : public ColumnConverter {
 public:
  ParsedColumn(const ReadColumnPlan& plan, ColumnSource source)
      : type_(plan.type),
        format_(plan.format),
        nulls_infinity_(plan.nulls_infinity),
        source_(std::move(source)) {}

  void AppendBlock(const BlockColumn& values, const RowRange& rows) override {
    if (format_ == CellFormat::kTagged) {
      Append(values, rows, &Parser::FromTagged);
    } else {
      Append(values, rows, &Parser::FromText);
    }
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  template <typename Parse>
  void Append(const BlockColumn& values, const RowRange& rows, const Parse& parse) {
    Stored* const out = builder_.Extend(rows.count);
    const auto is_null = [&](size_t row) {
      const std::string_view cell = values.cells[row];
      return cell.data() == nullptr || (nulls_infinity_ && IsInfiniteDate(cell));
    };
    ForEach(rows, builder_.validity(), is_null, [&](size_t i) {
      const std::string_view cell = values.cells[rows.from + i];
      const auto value = parse(cell, type_);
      const int64_t row = rows.number + static_cast<int64_t>(i);
      if (!value) Refuse(row, cell);
      if constexpr (sizeof(Stored) < sizeof(typename Parser::Value)) {
        if (!std::in_range<Stored>(*value)) {
          source_.Refuse(row,
                         Text("the integer ", *value, ", too big for its column's type"));
        }
      }
      out[i] = static_cast<Stored>(*value);
    });
  }

  [[noreturn]] void Refuse(int64_t row, std::string_view cell) const {
    const std::string what =
        Text(DescribeCell(cell, format_), " in a column of ", Describe(type_));
    if (IsInfiniteDate(cell))
      source_.Refuse(row, what, "read it with infinite_dates=\"null\"");
    if (type_.kind != Kind::kDecimal) source_.Refuse(row, what);
    if (type_.scale == 0)
      source_.Refuse(row, what,
                     "cast it in the query to text or to a floating-point number");
    source_.Refuse(row, Text(what, ", ", type_.scale, " of them behind the point"),
                   "cast it in the query to a decimal that holds it, or to text, or read "
                   "it with decimals=\"float\"");
  }

  ValueType type_;
  CellFormat format_;
  bool nulls_infinity_;
  ColumnSource source_;
  FixedBuilder<Stored> builder_;
};

/// Doubles from the text of decimals.
class RoundedColumn final : public ColumnConverter {
 public:
  explicit RoundedColumn(ColumnSource source) : source_(std::move(source)) {}

  void AppendBlock(const BlockColumn& values, const RowRange& rows) override {
    double* const out = builder_.Extend(rows.count);
    const auto is_null = [&](size_t row) { return values.cells[row].data() == nullptr; };
    ForEach(rows, builder_.validity(), is_null, [&](size_t i) {
      const std::string_view cell = values.cells[rows.from + i];
      const std::optional<RealOfDecimal> real = ParseDecimalAsReal(cell);
      if (!real) {
        source_.Refuse(rows.number + static_cast<int64_t>(i),
                       Text(DescribeCell(cell, CellFormat::kText),
                            " in a column that is read as doubles"));
      }
      out[i] = real->value;
      if (!real->is_same) ++rounded_;
    });
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  ColumnSource source_;
  FixedBuilder<double> builder_;
};

/// Numbers that the driver gives as such: `Native` from the driver.
template <typename Stored, typename Native>
class NativeColumn final : public ColumnConverter {
 public:
  explicit NativeColumn(ColumnSource source) : source_(std::move(source)) {}

  void AppendBlock(const BlockColumn& values, const RowRange& rows) override {
    Stored* const out = builder_.Extend(rows.count);
    const auto is_null = [&](size_t row) { return values.IsNull(row); };
    ForEach(rows, builder_.validity(), is_null, [&](size_t i) {
      const auto value = values.Value<Native>(rows.from + i);
      if constexpr (sizeof(Stored) < sizeof(Native)) {
        if (!std::in_range<Stored>(value)) {
          source_.Refuse(rows.number + static_cast<int64_t>(i),
                         Text("the integer ", value, ", too big for its column's type"));
        }
      }
      out[i] = static_cast<Stored>(value);
    });
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  ColumnSource source_;
  FixedBuilder<Stored> builder_;
};

class BooleanColumn final : public ColumnConverter {
 public:
  BooleanColumn(CellFormat format, ColumnSource source)
      : format_(format), source_(std::move(source)) {}

  void AppendBlock(const BlockColumn& values, const RowRange& rows) override {
    const size_t end = rows.from + rows.count;
    for (size_t row = rows.from; row < end; ++row) {
      const bool is_native = format_ == CellFormat::kNative;
      const std::string_view cell = is_native ? "" : values.cells[row];
      if (is_native ? values.IsNull(row) : cell.data() == nullptr) {
        builder_.AppendNull();
      } else {
        builder_.Append(
            is_native ? values.Value<unsigned char>(row) != 0
                      : Parse(cell, rows.number + static_cast<int64_t>(row - rows.from)));
      }
    }
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  [[nodiscard]] bool Parse(std::string_view cell, int64_t row) const {
    const ValueType type{Kind::kBoolean};
    const std::optional<bool> value = format_ == CellFormat::kTagged
                                          ? BooleanParser::FromTagged(cell, type)
                                          : BooleanParser::FromText(cell, type);
    if (!value) {
      source_.Refuse(row, DescribeCell(cell, format_) + " in a column of booleans");
    }
    return *value;
  }

  CellFormat format_;
  ColumnSource source_;
  BooleanBuilder builder_;
};

/// Texts and bytes. Cells that are the value as it stands are copied; others become it
/// one by one.
class BytesColumn final : public ColumnConverter {
 public:
  BytesColumn(Kind kind, CellFormat format, ColumnSource source)
      : is_text_(kind != Kind::kBinary), format_(format), source_(std::move(source)) {}

  void AppendBlock(const BlockColumn& values, const RowRange& rows) override {
    std::span<const std::string_view> cells(values.cells.data() + rows.from, rows.count);
    std::vector<std::string_view> decoded;
    std::vector<std::string> owned;
    if (format_ == CellFormat::kTagged || format_ == CellFormat::kWideText) {
      decoded.reserve(rows.count);
      owned.reserve(rows.count);
      for (size_t i = 0; i < rows.count; ++i) {
        decoded.push_back(Decode(cells[i], rows.number + static_cast<int64_t>(i), owned));
      }
      cells = decoded;
    }
    size_t total = builder_.size();
    for (size_t i = 0; i < rows.count; ++i) {
      total += cells[i].size();
      if (is_text_ && !IsUtf8(cells[i])) {
        source_.Refuse(rows.number + static_cast<int64_t>(i),
                       "text that isn't valid UTF-8");
      }
    }
    if (total > kLongestArray) {
      throw Error(Text("cannot read column '", source_.column, "': its values up to row ",
                       rows.number + static_cast<int64_t>(rows.count) - 1,
                       " take more than 2 GiB at once"));
    }
    builder_.AppendAll(cells);
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  [[nodiscard]] std::string_view Decode(std::string_view cell, int64_t row,
                                        std::vector<std::string>& owned) const {
    if (cell.data() == nullptr) return {};
    if (format_ == CellFormat::kTagged && cell.front() == 't' && is_text_) {
      return cell.substr(1);
    }
    std::optional<std::string> value;
    if (format_ == CellFormat::kWideText) {
      value = FromUtf16(cell);
      if (!value) source_.Refuse(row, "text that isn't valid UTF-16");
    } else {
      if (cell.front() == (is_text_ ? 'h' : 'b')) value = ParseHex(cell.substr(1));
      if (!value) {
        source_.Refuse(row, Text(DescribeCell(cell, format_), " in a column of ",
                                 is_text_ ? "text" : "bytes"));
      }
    }
    return owned.emplace_back(std::move(*value));
  }

  bool is_text_;
  CellFormat format_;
  ColumnSource source_;
  BytesBuilder builder_;
};

class NullColumn final : public ColumnConverter {
 public:
  NullColumn(CellFormat format, ColumnSource source)
      : format_(format), source_(std::move(source)) {}

  void AppendBlock(const BlockColumn& values, const RowRange& rows) override {
    for (size_t i = 0; i < rows.count; ++i) {
      const std::string_view cell = values.cells[rows.from + i];
      if (cell.data() != nullptr) {
        source_.Refuse(rows.number + static_cast<int64_t>(i),
                       DescribeCell(cell, format_) + " below rows of NULL");
      }
      builder_.AppendNull();
    }
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  CellFormat format_;
  ColumnSource source_;
  NullBuilder builder_;
};

template <typename Stored, typename Parser>
std::unique_ptr<ColumnConverter> MakeNumbers(const ReadColumnPlan& plan,
                                             ColumnSource source) {
  if (plan.format == CellFormat::kNative) {
    return std::make_unique<NativeColumn<Stored, typename Parser::Value>>(
        std::move(source));
  }
  return std::make_unique<ParsedColumn<Stored, Parser>>(plan, std::move(source));
}

std::unique_ptr<ColumnConverter> MakeIntegers(const ReadColumnPlan& plan,
                                              ColumnSource source) {
  switch (plan.type.bits) {
    case 16:
      return MakeNumbers<int16_t, IntegerParser>(plan, std::move(source));
    case 32:
      return MakeNumbers<int32_t, IntegerParser>(plan, std::move(source));
    default:
      if (plan.type.is_unsigned) {
        return MakeNumbers<uint64_t, UnsignedParser>(plan, std::move(source));
      }
      return MakeNumbers<int64_t, IntegerParser>(plan, std::move(source));
  }
}

template <typename Stored, typename Parser>
std::unique_ptr<ColumnConverter> MakeParsed(const ReadColumnPlan& plan,
                                            ColumnSource source) {
  return std::make_unique<ParsedColumn<Stored, Parser>>(plan, std::move(source));
}

}  // namespace

std::unique_ptr<ColumnConverter> MakeConverter(const ReadColumnPlan& column,
                                               const std::string& relation) {
  ColumnSource source{column.name, relation};
  const ValueType& type = column.type;
  if (column.format == CellFormat::kStruct) {
    return MakeStructConverter(type, std::move(source));
  }
  switch (type.kind) {
    case Kind::kList:
      return MakeListConverter(column, relation);
    case Kind::kNull:
      return std::make_unique<NullColumn>(column.format, std::move(source));
    case Kind::kBoolean:
      return std::make_unique<BooleanColumn>(column.format, std::move(source));
    case Kind::kInteger:
      return MakeIntegers(column, std::move(source));
    case Kind::kReal:
      if (column.is_decimal) return std::make_unique<RoundedColumn>(std::move(source));
      return MakeNumbers<double, RealParser>(column, std::move(source));
    case Kind::kDecimal:
      return MakeParsed<Int128, DecimalParser>(column, std::move(source));
    case Kind::kText:
    case Kind::kUuid:
    case Kind::kJson:
    case Kind::kBinary:
      return std::make_unique<BytesColumn>(type.kind, column.format, std::move(source));
    case Kind::kDate:
      return MakeParsed<int32_t, DateParser>(column, std::move(source));
    case Kind::kTime:
      // Arrow keeps seconds and milliseconds of a day in four bytes.
      if (type.digits <= 3)
        return MakeParsed<int32_t, TimeParser>(column, std::move(source));
      return MakeParsed<int64_t, TimeParser>(column, std::move(source));
    case Kind::kTimestamp:
      return MakeParsed<int64_t, TimestampParser>(column, std::move(source));
  }
  return nullptr;
}

}  // namespace aft
