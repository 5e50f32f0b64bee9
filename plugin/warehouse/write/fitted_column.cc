// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/fitted_column.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/values/decimal_real.h"
#include "plugin/warehouse/values/value_text.h"
#include "plugin/warehouse/write/fitted_list.h"

namespace aft {
namespace {

// Every value in its text form but texts themselves and decimals.
constexpr size_t kTextWidth = 64;
constexpr int64_t kSecondsPerDay = 86400;
constexpr int64_t kMicrosecondsPerDay = 86'400'000'000;
constexpr int kMicroDigits = 6;
// Year 1 to year 9999, in days since 1970-01-01.
constexpr int64_t kFirstDay = -719162;
constexpr int64_t kLastDay = 2932896;
constexpr int64_t kLeastInteger = std::numeric_limits<int64_t>::min();
constexpr int64_t kMostInteger = std::numeric_limits<int64_t>::max();
constexpr std::array<int64_t, 10> kPowers = {
    1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

int64_t PowerOfTen(int exponent) { return kPowers.at(static_cast<size_t>(exponent)); }

/// The quotient rounded down.
int64_t FloorDivide(int64_t value, int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

/// The largest and the least integer of a column.
struct Bounds {
  Int128 least = kLeastInteger;
  Int128 most = kMostInteger;
};

Bounds BoundsOf(const ColumnType& type) {
  if (type.kind == ColumnKind::kInteger) {
    const Int128 power = Int128{1} << (type.bits - (type.is_unsigned ? 0 : 1));
    return {type.is_unsigned ? 0 : -power, power - 1};
  }
  if (type.kind != ColumnKind::kDecimal || !type.precision) return {};
  // No frame has integers of more digits.
  constexpr int kMostDigits = 20;
  Int128 power = 1;
  const int digits = std::clamp(*type.precision - type.scale, 0, kMostDigits);
  for (int i = 0; i < digits; ++i) power *= 10;
  return {1 - power, power - 1};
}

bool HoldsAllDecimals(const ValueType& values, const ColumnType& type) {
  if (type.kind != ColumnKind::kDecimal) return false;
  if (!type.precision) return true;
  return values.kind == Kind::kDecimal && values.scale <= type.scale &&
         values.precision - values.scale <= *type.precision - type.scale;
}

int64_t CountCharacters(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (c & '\xC0') != '\x80'; });
}

}  // namespace

FittedColumn::FittedColumn(ArrowColumn column, TableColumn target, const ColumnFit& fit,
                           std::string doing)
    : column_(std::move(column)),
      target_(std::move(target)),
      fit_(fit),
      doing_(std::move(doing)),
      least_(BoundsOf(target_.type).least),
      most_(BoundsOf(target_.type).most),
      holds_all_decimals_(HoldsAllDecimals(column_.type(), target_.type)) {
  const std::unique_ptr<ArrowColumn> element = column_.TakeElement();
  if (element == nullptr) return;
  list_ = std::make_unique<FittedList>(std::move(*element), target_, fit_.form, doing_);
}

FittedColumn::FittedColumn(FittedColumn&&) noexcept = default;
FittedColumn& FittedColumn::operator=(FittedColumn&&) noexcept = default;
FittedColumn::~FittedColumn() = default;

void FittedColumn::SetArray(const ArrowArray& array, int64_t offset, int64_t length,
                            int64_t rows_before) {
  column_.SetArray(array, offset, length);
  rows_before_ = rows_before;
  if (list_ != nullptr) list_->SetArray(column_);
}

int64_t FittedColumn::CountBytes() const {
  return column_.CountBytes() + (list_ == nullptr ? 0 : list_->CountBytes());
}

CellPlace FittedColumn::Place(int64_t row) const {
  return {doing_, column_.name(), row_number_.value_or(rows_before_ + row + 1)};
}

void FittedColumn::Refuse(int64_t row, std::string_view why) const {
  RefuseMisfit(Place(row),
               aft::Text(DescribeCell(column_, row), ", and the table's column ",
                         "of type '", target_.type_name, "' ", why));
}

void FittedColumn::CheckNull(int64_t row) const {
  if (!target_.replaces_null) return;
  RefuseMisfit(Place(row), aft::Text("NULL, for which the table's column of type '",
                                     target_.type_name,
                                     "' would put in a value of its own; fill it in, or ",
                                     "leave the column out of the frame"));
}

void FittedColumn::CheckBounds(int64_t row, Int128 value) const {
  if (value >= least_ && value <= most_) return;
  if (most_ == kMostInteger && value > most_) {
    RefuseMisfit(Place(row), aft::Text("the integer ", CellText(column_, row, Place(row)),
                                       ", which is beyond 64 bits with a sign; give the "
                                       "column a text type with dtype"));
  }
  Refuse(row,
         aft::Text("holds ", FormatDecimal(least_, 0), " to ", FormatDecimal(most_, 0)));
}

Int128 FittedColumn::Whole(int64_t row) const {
  const ValueType& type = column_.type();
  Int128 value = 0;
  if (type.kind == Kind::kReal) {
    const double real = column_.Real(row);
    if (!(std::abs(real) < 0x1p64) || std::trunc(real) != real) {
      Refuse(row, "holds integers");
    }
    value = static_cast<Int128>(real);
  } else if (type.kind == Kind::kDecimal) {
    value = column_.Decimal(row);
    for (int scale = type.scale; scale > 0 && value != 0; --scale) {
      if (value % 10 != 0) Refuse(row, "holds integers");
      value /= 10;
    }
    for (int scale = type.scale; scale < 0 && value != 0; ++scale) {
      if (std::abs(static_cast<double>(value)) > 0x1p64) break;
      value *= 10;
    }
  } else if (type.kind == Kind::kBoolean) {
    value = column_.Boolean(row) ? 1 : 0;
  } else if (type.is_unsigned) {
    value = column_.Unsigned(row);
  } else {
    value = column_.Integer(row);
  }
  CheckBounds(row, value);
  return value;
}

int64_t FittedColumn::Integer(int64_t row) const {
  return static_cast<int64_t>(Whole(row));
}

uint64_t FittedColumn::Unsigned(int64_t row) const {
  return static_cast<uint64_t>(Whole(row));
}

double FittedColumn::Real(int64_t row) const {
  const bool is_float = target_.type.bits == 24;
  const Kind kind = column_.type().kind;
  if (kind == Kind::kDecimal) return RealOfDecimal(row);
  if (kind == Kind::kReal) {
    const double value = column_.Real(row);
    CheckFinite(row, value);
    return is_float ? RoundToFloat(row, value) : value;
  }
  const Int128 value = Whole(row);
  const auto real =
      is_float ? double{static_cast<float>(value)} : static_cast<double>(value);
  if (static_cast<Int128>(real) != value) Refuse(row, "can't hold it exactly");
  return real;
}

double FittedColumn::RealOfDecimal(int64_t row) const {
  const std::string text = CellText(column_, row, Place(row));
  const bool is_float = target_.type.bits == 24;
  const auto real = is_float ? ParseDecimalAsFloat(text) : ParseDecimalAsReal(text);
  if (!real || !real->is_same) Refuse(row, "can't hold it exactly");
  return real->value;
}

double FittedColumn::RoundToFloat(int64_t row, double value) const {
  const auto rounded = static_cast<float>(value);
  const bool is_lost =
      (std::isinf(rounded) && !std::isinf(value)) || (rounded == 0 && value != 0);
  if (is_lost) Refuse(row, "holds no numbers so large or so small");
  return rounded;
}

void FittedColumn::CheckFinite(int64_t row, double value) const {
  const bool is_held = std::isnan(value)
                           ? target_.type.holds_nan
                           : !std::isinf(value) || target_.type.holds_infinity;
  if (!is_held) Refuse(row, "can't hold that");
}

void FittedColumn::CheckDigits(int64_t row, DecimalDigits& digits) const {
  const ColumnType& type = target_.type;
  if (!digits.SetScale(type.scale)) {
    Refuse(row, aft::Text("keeps ", std::max(type.scale, 0),
                          " digits behind the point; round it first"));
  }
  if (type.precision && digits.count() > *type.precision) {
    Refuse(row, aft::Text("holds numbers of ", *type.precision, " digits"));
  }
}

Int128 FittedColumn::Decimal(int64_t row) const {
  const Int128 value = column_.Decimal(row);
  if (!holds_all_decimals_) {
    DecimalDigits digits(value, column_.type().scale);
    CheckDigits(row, digits);
  }
  return value;
}

std::string FittedColumn::DecimalText(int64_t row) const {
  const ValueType& values = column_.type();
  if (values.kind == Kind::kReal) return RealAsDecimal(row);
  if (holds_all_decimals_) return CellText(column_, row, Place(row));
  const bool is_decimal = values.kind == Kind::kDecimal;
  DecimalDigits digits(is_decimal           ? column_.Decimal(row)
                       : values.is_unsigned ? Int128{column_.Unsigned(row)}
                                            : Int128{column_.Integer(row)},
                       is_decimal ? values.scale : 0);
  CheckDigits(row, digits);
  return digits.Text();
}

std::string FittedColumn::RealAsDecimal(int64_t row) const {
  const ColumnType& type = target_.type;
  const double value = column_.Real(row);
  CheckFinite(row, value);
  if (!std::isfinite(value) || !type.precision) return FormatReal(value);
  DecimalDigits digits = DecimalDigits::Rounded(value, type.scale);
  CheckDigits(row, digits);
  return digits.Text();
}

void FittedColumn::CheckLength(int64_t row, std::string_view text) const {
  const ColumnType& type = target_.type;
  if (type.drops_blanks && text.ends_with(' ')) {
    Refuse(row, "would drop the blanks at its end");
  }
  const auto size = static_cast<int64_t>(text.size());
  if (type.length == 0 || size <= type.length) return;
  if (!type.counts_bytes && CountCharacters(text) <= type.length) return;
  Refuse(row,
         aft::Text("holds ", type.length, type.counts_bytes ? " bytes" : " characters"));
}

void FittedColumn::CheckJson(int64_t row, std::string_view json) const {
  if (target_.type.kind != ColumnKind::kNumber) return;
  const size_t first = json.find_first_not_of(" \t\r\n");
  const bool is_number =
      first != std::string_view::npos &&
      std::string_view("-0123456789").find(json[first]) != std::string_view::npos;
  if (is_number) Refuse(row, "would keep the number and not its text");
}

std::string_view FittedColumn::Bytes(int64_t row) const {
  const ColumnType& type = target_.type;
  const std::string_view bytes = column_.Bytes(row);
  const auto size = static_cast<int64_t>(bytes.size());
  const bool is_short = type.is_padded && size < type.length;
  if (is_short || (type.length > 0 && size > type.length)) {
    Refuse(row, aft::Text("holds ", type.length));
  }
  return bytes;
}

int64_t FittedColumn::Days(int64_t row) const {
  int64_t days = column_.Integer(row);
  if (column_.type().kind == Kind::kTimestamp) {
    const int64_t units = kSecondsPerDay * PowerOfTen(column_.type().digits);
    if (days % units != 0) Refuse(row, "holds dates; take its time off first");
    days /= units;
  }
  if (days < kFirstDay || days > kLastDay) RefuseYear(Place(row));
  return days;
}

int64_t FittedColumn::Units(int64_t row, int digits) const {
  const int kept = std::min(digits, target_.type.second_digits);
  const int given = column_.type().digits;
  const int64_t value = column_.Integer(row);
  if (given > kept && value % PowerOfTen(given - kept) != 0) {
    Refuse(row, aft::Text("keeps ", kept,
                          " digits behind the second's point; round it "
                          "first"));
  }
  if (given > digits) return value / PowerOfTen(given - digits);
  const int64_t more = PowerOfTen(digits - given);
  // What is out of bounds before it is multiplied is far beyond every year.
  if (value > kMostInteger / more || value < kLeastInteger / more) {
    RefuseYear(Place(row));
  }
  return value * more;
}

int64_t FittedColumn::TimeOfDay(int64_t row) const {
  const int64_t value = Units(row, kMicroDigits);
  if (value < 0 || value >= kMicrosecondsPerDay) RefuseYear(Place(row));
  return value;
}

int64_t FittedColumn::Moment(int64_t row) const {
  if (column_.type().kind == Kind::kDate) return Days(row) * kMicrosecondsPerDay;
  const int64_t value = Units(row, kMicroDigits);
  const int64_t day = FloorDivide(value, kMicrosecondsPerDay);
  if (day < kFirstDay || day > kLastDay) RefuseYear(Place(row));
  return value;
}

std::string FittedColumn::MomentText(int64_t row, bool says_zone) const {
  const ValueType& type = column_.type();
  std::optional<std::string> text;
  if (fit_.form == Form::kDate) {
    text = FormatDate(Days(row));
  } else if (type.kind == Kind::kDate) {
    text = FormatTimestamp(Days(row) * kSecondsPerDay, 0, /*has_zone=*/false);
  } else {
    const int digits = std::min(type.digits, target_.type.second_digits);
    const int64_t units = Units(row, digits);
    text = fit_.form == Form::kTime
               ? FormatTime(units, digits)
               : FormatTimestamp(units, digits, type.has_zone && says_zone);
  }
  if (!text) RefuseYear(Place(row));
  return *text;
}

std::string FittedColumn::OtherText(int64_t row) const {
  if (list_ != nullptr) return list_->Text(column_, row, Place(row));
  // Only those of UUIDs become texts.
  if (column_.type().kind == Kind::kBinary) return FormatUuid(column_.Bytes(row));
  return CellText(column_, row, Place(row));
}

std::string_view FittedColumn::Text(int64_t row, bool says_zone,
                                    std::string& buffer) const {
  if (fit_.form == Form::kArray) return list_->Text(column_, row, Place(row));
  if (fit_.form == Form::kText) {
    std::string_view text;
    const Kind kind = column_.type().kind;
    if (kind == Kind::kText || kind == Kind::kJson) {
      text = column_.Bytes(row);
      CheckText(text, target_.type.holds_nul, Place(row));
      if (kind == Kind::kJson) CheckJson(row, text);
    } else {
      text = buffer = OtherText(row);
    }
    CheckLength(row, text);
    return text;
  }
  buffer = fit_.form == Form::kDecimal ? DecimalText(row) : MomentText(row, says_zone);
  return buffer;
}

size_t FittedColumn::TextWidth(int64_t row) const {
  const ValueType& type = column_.type();
  if (list_ != nullptr) {
    return column_.IsNull(row) ? 0 : list_->Text(column_, row, Place(row)).size();
  }
  if (type.kind == Kind::kText || type.kind == Kind::kJson)
    return column_.IsNull(row) ? 0 : column_.Bytes(row).size();
  size_t width = kTextWidth;
  if (type.kind == Kind::kDecimal) width += static_cast<size_t>(std::abs(type.scale));
  if (fit_.form == Form::kDecimal) {
    width += static_cast<size_t>(target_.type.precision.value_or(0) +
                                 std::abs(target_.type.scale));
  }
  return width;
}

}  // namespace aft
