// SPDX-License-Identifier: Apache-2.0
#include "host_shim/edit_distance.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace aft {
namespace {

TEST(EditDistance, CountsLettersAddedDroppedReplacedAndSwapped) {
  EXPECT_EQ(EditDistance("", ""), 0U);
  EXPECT_EQ(EditDistance("", "abc"), 3U);
  EXPECT_EQ(EditDistance("script", "scripts"), 1U);
  EXPECT_EQ(EditDistance("scripts", "script"), 1U);
  EXPECT_EQ(EditDistance("tiemout", "timeout"), 1U);
  EXPECT_EQ(EditDistance("memery", "memory"), 1U);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3U);
  EXPECT_EQ(EditDistance("Fal", "fAL"), 0U);
}

TEST(ClosestName, IsCloseByTheLengthOfTheName) {
  constexpr std::array<std::string_view, 3> kKnown = {"timeout", "memory", "aft"};

  EXPECT_EQ(ClosestName("time_out", kKnown), "timeout");
  EXPECT_EQ(ClosestName("TIMEOUT", kKnown), "timeout");
  EXPECT_EQ(ClosestName("fat", kKnown), "aft");
  EXPECT_EQ(ClosestName("mem", kKnown), "");
  EXPECT_EQ(ClosestName("after", kKnown), "");
  EXPECT_EQ(ClosestName("", kKnown), "");
  EXPECT_EQ(ClosestName(std::string(100'000, 'a'), kKnown), "");
}

}  // namespace
}  // namespace aft
