// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/script_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_shim/error.h"

namespace aft {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

ScriptLimits With(std::string_view name, std::string_view value) {
  ScriptLimits limits;
  SetLimit(name, value, limits);
  return limits;
}

TEST(ScriptLimits, ReadsTimes) {
  EXPECT_EQ(With("timeout", "90").timeout, milliseconds(90'000));
  EXPECT_EQ(With("timeout", "0.25").timeout, milliseconds(250));
  EXPECT_EQ(With("timeout", "500ms").timeout, milliseconds(500));
  EXPECT_EQ(With("timeout", "10 m").timeout, milliseconds(600'000));
  EXPECT_EQ(With("timeout", "1.5h").timeout, milliseconds(5'400'000));
}

TEST(ScriptLimits, ReadsSizes) {
  EXPECT_EQ(With("memory", "4G").memory, std::int64_t{4} << 30U);
  EXPECT_EQ(With("memory", "512M").memory, 512 << 20);
  EXPECT_EQ(With("memory", "1000000").memory, 1'000'000);
}

TEST(ScriptLimits, ReadsRetries) {
  EXPECT_EQ(With("retries", "0").retries, 0);
  EXPECT_EQ(With("retries", "3").retries, 3);
}

TEST(ScriptLimits, RefusesWhatIsNone) {
  for (const char* value : {"", "soon", "10 parsecs", "0", "-1", "1e300", "nan", "inf",
                            "10m 30s", "500ms500ms"})
    EXPECT_THROW(With("timeout", value), Error) << value;
  for (const char* value : {"", "much", "4 GiB", "-4G", "0", "1e30"})
    EXPECT_THROW(With("memory", value), Error) << value;
  for (const char* value : {"", "-1", "101", "1.5", "true", "2x"})
    EXPECT_THROW(With("retries", value), Error) << value;
  EXPECT_THAT([] { With("timeout", "soon"); },
              Throws<Error>(Property(&Error::what, HasSubstr("'10m'"))));
}

TEST(ScriptLimits, TakesWhatIsNotSetFromTheDefaults) {
  const ScriptLimits own = With("timeout", "5");
  ScriptLimits defaults = With("timeout", "90");
  defaults.retries = 2;

  const ScriptLimits all = OrDefaults(own, defaults);

  EXPECT_EQ(all.timeout, milliseconds(5'000));
  EXPECT_EQ(all.retries, 2);
  EXPECT_EQ(all.memory, std::nullopt);
}

TEST(ScriptLimits, SaysTimesAndSizesInWords) {
  EXPECT_EQ(InWords(milliseconds(500)), "500ms");
  EXPECT_EQ(InWords(milliseconds(90'000)), "1m 30s");
  EXPECT_EQ(InWords(milliseconds(7'200'000)), "2h");
  EXPECT_EQ(InWords(milliseconds(0)), "0s");
  EXPECT_EQ(SizeInWords(std::int64_t{4} << 30U), "4G");
  EXPECT_EQ(SizeInWords(1536), "1.5K");
}

}  // namespace
}  // namespace aft
