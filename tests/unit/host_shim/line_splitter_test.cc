// SPDX-License-Identifier: Apache-2.0
#include "host_shim/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LineSplitter, PutsLinesTogetherFromPiecesOfAnySize) {
  const std::string text = "one\n\nthree, which is longer\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    LineSplitter splitter(100);
    std::vector<std::string> lines;
    const auto add = [&](std::string_view line) { lines.emplace_back(line); };

    for (std::size_t at = 0; at < text.size(); at += size)
      splitter.Feed(std::string_view(text).substr(at, size), add);
    splitter.Finish(add);

    EXPECT_THAT(lines, ElementsAre("one", "", "three, which is longer")) << size;
  }
}

TEST(LineSplitter, KeepsAnUnfinishedLineForTheEnd) {
  LineSplitter splitter(100);
  std::vector<std::string> lines;
  const auto add = [&](std::string_view line) { lines.emplace_back(line); };

  splitter.Feed("no end", add);
  EXPECT_THAT(lines, IsEmpty());

  splitter.Finish(add);
  splitter.Finish(add);
  EXPECT_THAT(lines, ElementsAre("no end"));
}

TEST(LineSplitter, GivesALineOutInPiecesThatIsTooLong) {
  LineSplitter splitter(4);
  std::vector<std::string> lines;
  const auto add = [&](std::string_view line) { lines.emplace_back(line); };

  splitter.Feed("12345678ab\nx\n1234\n", add);

  EXPECT_THAT(lines, ElementsAre("1234", "5678", "ab", "x", "1234"));
}

}  // namespace
}  // namespace aft
