// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/utc_time.h"

#include <gtest/gtest.h>

namespace aft {
namespace {

using Time = std::chrono::system_clock::time_point;

TEST(UtcTimestamp, HasMicroseconds) {
  EXPECT_EQ(UtcTimestamp(Time()), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(UtcTimestamp(Time() + std::chrono::microseconds(951'782'399'000'042)),
            "2000-02-28T23:59:59.000042Z");
}

}  // namespace
}  // namespace aft
