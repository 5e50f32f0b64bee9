// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/struct_column.h"

#include <sql.h>
#include <sqlext.h>

#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/arrow/array_builder.h"
#include "plugin/warehouse/values/calendar.h"

namespace aft {
namespace {

struct DateStruct {
  using Struct = SQL_DATE_STRUCT;
  using Value = int32_t;
  static std::optional<Value> From(const Struct& date, const ValueType&) {
    return DaysSinceEpoch(date.year, date.month, date.day);
  }
  static std::string Describe(const Struct& date) {
    std::array<char, 40> text{};
    (void)std::snprintf(text.data(), text.size(), "'%04d-%02u-%02u'", date.year,
                        date.month, date.day);
    return text.data();
  }
};

struct TimestampStruct {
  using Struct = SQL_TIMESTAMP_STRUCT;
  using Value = int64_t;
  static std::optional<Value> From(const Struct& moment, const ValueType& type) {
    const std::optional<int32_t> days =
        DaysSinceEpoch(moment.year, moment.month, moment.day);
    if (!days || moment.hour > 23 || moment.minute > 59 || moment.second > 59) {
      return std::nullopt;
    }
    const int64_t nanoseconds_per_unit = type.digits == 9 ? 1 : 1000;
    const int64_t units_per_second = 1'000'000'000 / nanoseconds_per_unit;
    const int64_t seconds = int64_t{*days} * 86400 + moment.hour * int64_t{3600} +
                            moment.minute * int64_t{60} + moment.second;
    const auto nanoseconds = int64_t{moment.fraction};
    int64_t value = 0;
    const bool is_too_far = __builtin_mul_overflow(seconds, units_per_second, &value);
    if (is_too_far || nanoseconds % nanoseconds_per_unit != 0) return std::nullopt;
    return value + nanoseconds / nanoseconds_per_unit;
  }
  static std::string Describe(const Struct& moment) {
    std::array<char, 80> text{};
    (void)std::snprintf(text.data(), text.size(), "'%04d-%02u-%02u %02u:%02u:%02u.%09u'",
                        moment.year, moment.month, moment.day, moment.hour, moment.minute,
                        moment.second, static_cast<unsigned>(moment.fraction));
    return text.data();
  }
};

template <typename Layout>
class StructColumn final : public ColumnConverter {
 public:
  StructColumn(const ValueType& type, ColumnSource source)
      : type_(type), source_(std::move(source)) {}

  void AppendBlock(const BlockColumn& values, const RowRange& rows) override {
    typename Layout::Value* const out = builder_.Extend(rows.count);
    for (size_t i = 0; i < rows.count; ++i) {
      const bool is_valid = !values.IsNull(rows.from + i);
      builder_.validity().Append(is_valid);
      if (!is_valid) continue;
      const auto value = values.Value<typename Layout::Struct>(rows.from + i);
      const std::optional<typename Layout::Value> converted = Layout::From(value, type_);
      if (!converted) {
        source_.Refuse(
            rows.number + static_cast<int64_t>(i),
            Text(Layout::Describe(value), " in a column of ", Describe(type_)));
      }
      out[i] = *converted;
    }
  }
  Unique<ArrowArray> Finish() override { return builder_.Finish(); }

 private:
  ValueType type_;
  ColumnSource source_;
  FixedBuilder<typename Layout::Value> builder_;
};

}  // namespace

std::unique_ptr<ColumnConverter> MakeStructConverter(const ValueType& type,
                                                     ColumnSource source) {
  if (type.kind == Kind::kDate) {
    return std::make_unique<StructColumn<DateStruct>>(type, std::move(source));
  }
  return std::make_unique<StructColumn<TimestampStruct>>(type, std::move(source));
}

}  // namespace aft
