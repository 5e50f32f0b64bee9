// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/values/value_text.h"
#include "plugin/warehouse/values/utf8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>

namespace aft {
namespace {

using ::testing::Eq;
using ::testing::Optional;

constexpr Int128 kLargest38 = [] {
  Int128 value = 0;
  for (int i = 0; i < 38; ++i) value = value * 10 + 9;
  return value;
}();

TEST(ValueText, KeepsEveryBitOfADouble) {
  std::mt19937_64 random(
      7);  // NOLINT(bugprone-random-generator-seed): the same each time

  for (int i = 0; i < 100000; ++i) {
    const uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isnan(value) || std::isinf(value)) continue;
    const auto back = ParseReal(FormatReal(value));
    ASSERT_THAT(back, Optional(value));
  }
}

TEST(ValueText, ReadsInfinityAsSqliteWritesIt) {
  EXPECT_THAT(ParseReal("Inf"), Optional(std::numeric_limits<double>::infinity()));
  EXPECT_THAT(ParseReal("-Inf"), Optional(-std::numeric_limits<double>::infinity()));
}

TEST(ValueText, TakesANumberWholeOrNotAtAll) {
  EXPECT_THAT(ParseInteger("9223372036854775807"),
              Optional(std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(ParseInteger("9223372036854775808"), std::nullopt);
  EXPECT_EQ(ParseInteger("12abc"), std::nullopt);
  EXPECT_EQ(ParseInteger(""), std::nullopt);
  EXPECT_EQ(ParseInteger("1.0"), std::nullopt);
  EXPECT_EQ(ParseReal("1.5x"), std::nullopt);
}

TEST(ValueText, WritesDecimalsOfEveryScale) {
  EXPECT_EQ(FormatDecimal(0, 2), "0.00");
  EXPECT_EQ(FormatDecimal(-5, 2), "-0.05");
  EXPECT_EQ(FormatDecimal(12345, 2), "123.45");
  EXPECT_EQ(FormatDecimal(12, -3), "12000");
  EXPECT_EQ(FormatDecimal(kLargest38, 0), std::string(38, '9'));
  EXPECT_EQ(FormatDecimal(-kLargest38, 38), "-0." + std::string(38, '9'));
}

TEST(ValueText, ReadsDecimalsThatFitOnly) {
  EXPECT_THAT(ParseDecimal("123.45", 5, 2), Optional(Eq(Int128{12345})));
  EXPECT_THAT(ParseDecimal("-0.5", 5, 2), Optional(Eq(Int128{-50})));
  EXPECT_THAT(ParseDecimal("7.1000", 5, 2), Optional(Eq(Int128{710})));
  EXPECT_THAT(ParseDecimal(std::string(38, '9'), 38, 0), Optional(Eq(kLargest38)));
  EXPECT_EQ(ParseDecimal("1.001", 5, 2), std::nullopt);
  EXPECT_EQ(ParseDecimal("1234", 5, 2), std::nullopt);
  EXPECT_EQ(ParseDecimal("1e3", 5, 2), std::nullopt);
  EXPECT_EQ(ParseDecimal("-", 5, 2), std::nullopt);
}

TEST(ValueText, RunsThroughEveryDayOfTheCalendar) {
  EXPECT_EQ(FormatDate(-719162), "0001-01-01");
  EXPECT_EQ(FormatDate(2932896), "9999-12-31");
  EXPECT_EQ(FormatDate(-719163), std::nullopt);
  EXPECT_EQ(FormatDate(2932897), std::nullopt);
  std::string before;
  for (int32_t day = -719162; day <= 2932896; ++day) {
    const std::string text = FormatDate(day).value_or("");
    ASSERT_LT(before, text);
    ASSERT_THAT(ParseDate(text), Optional(day));
    before = text;
  }
}

TEST(ValueText, RefusesDaysThatNoCalendarHas) {
  for (const char* text :
       {"2023-02-29", "1900-02-29", "2023-13-01", "2023-00-10", "2023-04-31",
        "0000-01-01", "2023-4-1", "20230401", "", "2023-04-01 00:00:00"}) {
    EXPECT_EQ(ParseDate(text), std::nullopt) << text;
  }
  EXPECT_TRUE(ParseDate("2000-02-29"));
}

TEST(ValueText, WritesAFractionOnlyWhereThereIsOne) {
  EXPECT_EQ(FormatTimestamp(0, 6, false), "1970-01-01 00:00:00");
  EXPECT_EQ(FormatTimestamp(-1, 6, false), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(FormatTimestamp(1500, 3, true), "1970-01-01 00:00:01.500+00:00");
  EXPECT_EQ(FormatTimestamp(1, 9, false), "1970-01-01 00:00:00.000000001");
  EXPECT_EQ(FormatTime(86399999, 3), "23:59:59.999");
  EXPECT_EQ(FormatTime(86400000, 3), std::nullopt);
  EXPECT_EQ(FormatTimestamp(std::numeric_limits<int64_t>::max(), 0, false), std::nullopt);
  EXPECT_EQ(FormatTimestamp(std::numeric_limits<int64_t>::min(), 0, false), std::nullopt);
}

TEST(ValueText, ReadsTheFormsOfATimestamp) {
  EXPECT_THAT(ParseTimestamp("1970-01-02", 0, false), Optional(86400));
  EXPECT_THAT(ParseTimestamp("1970-01-01 00:01", 0, false), Optional(60));
  EXPECT_THAT(ParseTimestamp("1970-01-01T00:00:01.5", 3, false), Optional(1500));
  EXPECT_THAT(ParseTimestamp("1970-01-01 01:00:00+01:00", 6, true), Optional(0));
  EXPECT_THAT(ParseTimestamp("1970-01-01 00:00:00Z", 6, true), Optional(0));
  EXPECT_THAT(ParseTimestamp("1969-12-31 19:00:00-05:00", 6, true), Optional(0));
}

TEST(ValueText, RefusesATimestampThatItWouldChange) {
  EXPECT_EQ(ParseTimestamp("1970-01-01 00:00:00.1234567", 6, false), std::nullopt);
  EXPECT_THAT(ParseTimestamp("1970-01-01 00:00:00.1234560", 6, false), Optional(123456));
  EXPECT_EQ(ParseTimestamp("1970-01-01 00:00:00+01:00", 6, false), std::nullopt);
  EXPECT_EQ(ParseTimestamp("1970-01-01 00:00:00", 6, true), std::nullopt);
  EXPECT_EQ(ParseTimestamp("1970-01-01 24:00:00", 6, false), std::nullopt);
  EXPECT_EQ(ParseTimestamp("1970-01-01 00:00:60", 6, false), std::nullopt);
  EXPECT_EQ(ParseTimestamp("9999-12-31 00:00:00", 9, false), std::nullopt);
}

TEST(ValueText, TellsUtf8FromOtherBytes) {
  EXPECT_TRUE(IsUtf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const char* bytes :
       {"\x80", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x28\xA1",
        "\xF0\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(IsUtf8(bytes));
  }
}

TEST(ValueText, TurnsUtf16IntoUtf8) {
  const auto convert = [](std::u16string_view text) {
    return FromUtf16({reinterpret_cast<const char*>(text.data()), text.size() * 2});
  };

  EXPECT_EQ(convert(u"aé€😀"), "aé€😀");
  EXPECT_EQ(convert(u"\xD83D"), std::nullopt);
  EXPECT_EQ(convert(u"\xDE00\xD83D"), std::nullopt);
  EXPECT_EQ(FromUtf16("odd"), std::nullopt);
}

TEST(ValueText, ReadsHexInPairs) {
  EXPECT_EQ(ParseHex("00FFa0"), std::string("\0\xFF\xA0", 3));
  EXPECT_EQ(ParseHex(""), "");
  EXPECT_EQ(ParseHex("0"), std::nullopt);
  EXPECT_EQ(ParseHex("0g"), std::nullopt);
}

}  // namespace
}  // namespace aft
