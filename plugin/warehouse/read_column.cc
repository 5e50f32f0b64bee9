// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read_column.h"

#include <optional>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/array_builder.h"
#include "plugin/warehouse/value_text.h"

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

[[noreturn]] void Refuse(const Place& place, std::string_view what) {
  throw Error(Text("cannot read column '", place.column, "': row ", place.row, " holds ",
                   what, "; cast the column in the query to one type"));
}

/// The value of a tagged cell in words.
std::string DescribeTagged(std::string_view cell) {
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
    default:
      return Text(value.size() / 2, " bytes of binary data");
  }
}

template <typename T>
T FromNative(const Cell& cell) {
  T value{};
  cell.bytes.copy(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

/// A parser for a column's values: Parse() gives nothing for a cell that isn't one.
struct IntegerParser {
  using Value = int64_t;
  static std::optional<Value> FromText(std::string_view text, const ValueType&) {
    return ParseInteger(text);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType&) {
    return cell.front() == 'i' ? ParseInteger(cell.substr(1)) : std::nullopt;
  }
};

struct UnsignedParser {
  using Value = uint64_t;
  static std::optional<Value> FromText(std::string_view text, const ValueType&) {
    return ParseUnsigned(text);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType&) {
    return cell.front() == 'i' ? ParseUnsigned(cell.substr(1)) : std::nullopt;
  }
};

struct RealParser {
  using Value = double;
  static std::optional<Value> FromText(std::string_view text, const ValueType&) {
    return ParseReal(text);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType&) {
    if (cell.front() == 'r') return ParseReal(cell.substr(1));
    if (cell.front() != 'i') return std::nullopt;
    const std::optional<int64_t> integer = ParseInteger(cell.substr(1));
    if (!integer) return std::nullopt;
    const auto real = static_cast<double>(*integer);
    // 2^63 is a double but no int64_t, so it must not be cast back.
    const bool is_exact = real < 0x1p63 && static_cast<int64_t>(real) == *integer;
    return is_exact ? std::optional(real) : std::nullopt;
  }
};

struct DecimalParser {
  using Value = Int128;
  static std::optional<Value> FromText(std::string_view text, const ValueType& type) {
    return ParseDecimal(text, type.precision, type.scale);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType& type) {
    return FromText(cell.substr(1), type);
  }
};

/// Dates, times and timestamps, which SQLite keeps as text.
template <typename T, typename Parse>
struct IsoParser {
  using Value = T;
  static std::optional<Value> FromText(std::string_view text, const ValueType& type) {
    return Parse()(text, type);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType& type) {
    return cell.front() == 't' ? Parse()(cell.substr(1), type) : std::nullopt;
  }
};
struct DateParse {
  std::optional<int32_t> operator()(std::string_view text, const ValueType&) const {
    return ParseDate(text);
  }
};
struct TimeParse {
  std::optional<int64_t> operator()(std::string_view text, const ValueType& type) const {
    return ParseTime(text, type.digits);
  }
};
struct TimestampParse {
  std::optional<int64_t> operator()(std::string_view text, const ValueType& type) const {
    return ParseTimestamp(text, type.digits, type.has_zone);
  }
};
struct TimestampParser : IsoParser<int64_t, TimestampParse> {
  /// A driver leaves the zone of an instant out; the session's is UTC then.
  static std::optional<int64_t> FromText(std::string_view text, const ValueType& type) {
    const std::optional<int64_t> parsed = TimestampParse()(text, type);
    return parsed ? parsed : ParseTimestamp(text, type.digits, /*has_zone=*/false);
  }
};

/// Values of a fixed width: `Stored` in the array, `Parser::Value` from the driver.
template <typename Stored, typename Parser>
class FixedColumn final : public ReadColumn {
 public:
  explicit FixedColumn(const ReadColumnPlan& plan)
      : type_(plan.type), format_(plan.format) {}

  void Append(const Cell& cell, const Place& place) override {
    if (cell.is_null) return builder_.AppendNull();
    const std::optional<typename Parser::Value> value = Parse(cell);
    if (!value) {
      Refuse(place, Text(format_ == CellFormat::kTagged ? DescribeTagged(cell.bytes)
                                                        : Excerpt(cell.bytes),
                         " in a column of ", Describe(type_)));
    }
    if constexpr (sizeof(Stored) < sizeof(typename Parser::Value)) {
      if (!std::in_range<Stored>(*value)) {
        Refuse(place, Text("the integer ", *value, ", too big for its column's type"));
      }
    }
    builder_.Append(static_cast<Stored>(*value));
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  std::optional<typename Parser::Value> Parse(const Cell& cell) const {
    if (format_ == CellFormat::kNative) return FromNative<typename Parser::Value>(cell);
    if (format_ == CellFormat::kTagged) return Parser::FromTagged(cell.bytes, type_);
    return Parser::FromText(cell.bytes, type_);
  }
  ValueType type_;
  CellFormat format_;
  FixedBuilder<Stored> builder_;
};

class BooleanColumn final : public ReadColumn {
 public:
  explicit BooleanColumn(CellFormat format) : format_(format) {}

  void Append(const Cell& cell, const Place& place) override {
    if (cell.is_null) return builder_.AppendNull();
    if (format_ == CellFormat::kNative) return builder_.Append(cell.bytes.front() != 0);
    const bool is_tagged = format_ == CellFormat::kTagged;
    const std::string_view value = is_tagged ? cell.bytes.substr(1) : cell.bytes;
    const bool is_number = !is_tagged || cell.bytes.front() == 'i';
    if (!is_number || (value != "0" && value != "1")) {
      Refuse(place, Text(is_tagged ? DescribeTagged(cell.bytes) : Excerpt(value),
                         " in a column of booleans"));
    }
    builder_.Append(value == "1");
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  CellFormat format_;
  BooleanBuilder builder_;
};

class TextColumn final : public ReadColumn {
 public:
  explicit TextColumn(CellFormat format) : format_(format) {}

  void Append(const Cell& cell, const Place& place) override {
    if (cell.is_null) return builder_.AppendNull();
    std::string owned;
    std::string_view text = cell.bytes;
    if (format_ == CellFormat::kWideText) {
      std::optional<std::string> converted = FromUtf16(cell.bytes);
      if (!converted) Refuse(place, "text that isn't valid UTF-16");
      owned = std::move(*converted);
      text = owned;
    } else if (format_ == CellFormat::kTagged) {
      text = Untag(cell.bytes, place, owned);
    }
    if (!IsUtf8(text)) Refuse(place, "text that isn't valid UTF-8");
    builder_.Append(text);
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  static std::string_view Untag(std::string_view cell, const Place& place,
                                std::string& owned) {
    if (cell.front() == 't') return cell.substr(1);
    std::optional<std::string> text =
        cell.front() == 'h' ? ParseHex(cell.substr(1)) : std::nullopt;
    if (!text) Refuse(place, DescribeTagged(cell) + " in a column of text");
    owned = std::move(*text);
    return owned;
  }

  CellFormat format_;
  BytesBuilder builder_;
};

class BinaryColumn final : public ReadColumn {
 public:
  explicit BinaryColumn(CellFormat format) : format_(format) {}

  void Append(const Cell& cell, const Place& place) override {
    if (cell.is_null) return builder_.AppendNull();
    if (format_ != CellFormat::kTagged) return builder_.Append(cell.bytes);
    const std::optional<std::string> bytes =
        cell.bytes.front() == 'b' ? ParseHex(cell.bytes.substr(1)) : std::nullopt;
    if (!bytes) Refuse(place, DescribeTagged(cell.bytes) + " in a column of bytes");
    builder_.Append(*bytes);
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  CellFormat format_;
  BytesBuilder builder_;
};

class NullColumn final : public ReadColumn {
 public:
  void Append(const Cell& cell, const Place& place) override {
    if (!cell.is_null) Refuse(place, DescribeTagged(cell.bytes) + " below rows of NULL");
    builder_.AppendNull();
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  NullBuilder builder_;
};

std::unique_ptr<ReadColumn> MakeIntegerColumn(const ReadColumnPlan& plan) {
  const bool is_unsigned = plan.type.is_unsigned;
  switch (plan.type.bits) {
    case 16:
      return std::make_unique<FixedColumn<int16_t, IntegerParser>>(plan);
    case 32:
      return std::make_unique<FixedColumn<int32_t, IntegerParser>>(plan);
    default:
      if (is_unsigned)
        return std::make_unique<FixedColumn<uint64_t, UnsignedParser>>(plan);
      return std::make_unique<FixedColumn<int64_t, IntegerParser>>(plan);
  }
}

std::unique_ptr<ReadColumn> MakeTimeColumn(const ReadColumnPlan& plan) {
  using Parser = IsoParser<int64_t, TimeParse>;
  // Arrow keeps seconds and milliseconds of a day in four bytes.
  if (plan.type.digits <= 3) return std::make_unique<FixedColumn<int32_t, Parser>>(plan);
  return std::make_unique<FixedColumn<int64_t, Parser>>(plan);
}

Kind KindOfTag(char tag) {
  switch (tag) {
    case 'i':
      return Kind::kInteger;
    case 'r':
      return Kind::kReal;
    case 'b':
      return Kind::kBinary;
    default:
      return Kind::kText;
  }
}

}  // namespace

std::unique_ptr<ReadColumn> MakeReadColumn(const ReadColumnPlan& plan) {
  switch (plan.type.kind) {
    case Kind::kNull:
      return std::make_unique<NullColumn>();
    case Kind::kBoolean:
      return std::make_unique<BooleanColumn>(plan.format);
    case Kind::kInteger:
      return MakeIntegerColumn(plan);
    case Kind::kReal:
      return std::make_unique<FixedColumn<double, RealParser>>(plan);
    case Kind::kDecimal:
      return std::make_unique<FixedColumn<Int128, DecimalParser>>(plan);
    case Kind::kText:
      return std::make_unique<TextColumn>(plan.format);
    case Kind::kBinary:
      return std::make_unique<BinaryColumn>(plan.format);
    case Kind::kDate:
      return std::make_unique<FixedColumn<int32_t, IsoParser<int32_t, DateParse>>>(plan);
    case Kind::kTime:
      return MakeTimeColumn(plan);
    case Kind::kTimestamp:
      return std::make_unique<FixedColumn<int64_t, TimestampParser>>(plan);
  }
  return nullptr;
}

void UndecidedColumn::Append(const Cell& cell) {
  sizes_.push_back(cell.is_null ? -1 : static_cast<int64_t>(cell.bytes.size()));
  if (cell.is_null) return;
  bytes_ += cell.bytes;
  const Kind kind = KindOfTag(cell.bytes.front());
  if (first_ == Kind::kNull) first_ = kind;
  kinds_ |= 1U << static_cast<unsigned>(kind);
}

ValueType UndecidedColumn::Decide(const ValueType& when_empty) const {
  const auto has = [&](Kind kind) {
    return (kinds_ & 1U << static_cast<unsigned>(kind)) != 0;
  };
  if (kinds_ == 0) return when_empty;
  ValueType type;
  if (first_ != Kind::kNull) {
    type.kind = first_;
  } else {
    for (const Kind kind : {Kind::kInteger, Kind::kReal, Kind::kText, Kind::kBinary}) {
      if (has(kind)) type.kind = kind;
    }
  }
  if (type.kind == Kind::kInteger && has(Kind::kReal)) type.kind = Kind::kReal;
  return type;
}

void UndecidedColumn::Replay(ReadColumn& column, std::string_view name) {
  const std::string_view bytes = bytes_;
  size_t at = 0;
  for (size_t row = 0; row < sizes_.size(); ++row) {
    Cell cell{sizes_[row] < 0, {}};
    if (!cell.is_null) cell.bytes = bytes.substr(at, static_cast<size_t>(sizes_[row]));
    at += cell.bytes.size();
    column.Append(cell, {name, static_cast<int64_t>(row + 1)});
  }
}

}  // namespace aft
