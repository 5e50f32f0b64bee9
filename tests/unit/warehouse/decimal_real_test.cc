// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/values/decimal_real.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace aft {
namespace {

TEST(DecimalReal, KnowsWhichDecimalsADoubleHolds) {
  for (const char* text :
       {"0", "0.000", "12.5", "-1.50", "123456789012345", "0.1", "0.10000000000000000000",
        "1000000000000000000000000", "9007199254740992000", "1.7976931348623157e308"}) {
    const std::optional<RealOfDecimal> real = ParseDecimalAsReal(text);
    ASSERT_TRUE(real) << text;
    EXPECT_TRUE(real->is_same) << text;
  }
  for (const char* text :
       {"0.33333333333333333333", "9007199254740993",
        "0.1000000000000000055511151231257827", "-12345678901234567.8"}) {
    const std::optional<RealOfDecimal> real = ParseDecimalAsReal(text);
    ASSERT_TRUE(real) << text;
    EXPECT_FALSE(real->is_same) << text;
  }
}

TEST(DecimalReal, RoundsToTheNearestDouble) {
  EXPECT_EQ(ParseDecimalAsReal("0.33333333333333333333")->value, 1.0 / 3);
  EXPECT_EQ(ParseDecimalAsReal("-12.50")->value, -12.5);
}

TEST(DecimalReal, TakesWhatIsNoNumberAsItIs) {
  EXPECT_TRUE(std::isnan(ParseDecimalAsReal("NaN")->value));
  EXPECT_TRUE(ParseDecimalAsReal("NaN")->is_same);
  EXPECT_EQ(ParseDecimalAsReal("-Infinity")->value,
            -std::numeric_limits<double>::infinity());
}

TEST(DecimalReal, RoundsTheSmallestToZeroAndRefusesTheLargest) {
  const std::string zeros(400, '0');

  EXPECT_EQ(ParseDecimalAsReal("0." + zeros + "1")->value, 0);
  EXPECT_FALSE(ParseDecimalAsReal("0." + zeros + "1")->is_same);
  EXPECT_EQ(ParseDecimalAsReal("1" + zeros), std::nullopt);
}

TEST(DecimalReal, TakesNothingElse) {
  for (const char* text : {"", "1,5", "$1.50", "1 ", " 1", "one"}) {
    EXPECT_EQ(ParseDecimalAsReal(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace aft
