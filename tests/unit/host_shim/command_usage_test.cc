// SPDX-License-Identifier: Apache-2.0
#include "host_shim/command_usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "host_shim/error.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr auto kColors = std::to_array<std::string_view>({"red", "green", "blue"});
constexpr auto kWords = std::to_array<CommandArgument>({{"WALL", "", ""}});
constexpr auto kOptions = std::to_array<CommandArgument>(
    {{"--color", "COLOR", "", kColors, "-c"}, {"--twice", "", ""}});
constexpr CommandUsage kPaint = {"paint", "", kWords, kOptions};

constexpr auto kOwnOptions =
    std::to_array<CommandArgument>({{"--aft-color", "COLOR", "", kColors}});
constexpr CommandUsage kAsk = {"ask", "", kWords, kOwnOptions, {"REST", "", ""}};

std::string Refusal(const CommandUsage& usage,
                    const std::vector<std::string>& arguments) {
  try {
    (void)ParseCommand(usage, arguments);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(CommandUsage, TakesOptionsInEveryForm) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"--color", "red", "east"},
           {"east", "--color=red"},
           {"-c", "red", "east"},
           {"-cred", "east"},
           {"--color", "blue", "east", "--color", "red"}}) {
    const CommandWords words = ParseCommand(kPaint, arguments);
    EXPECT_THAT(words.words, ElementsAre("east"));
    EXPECT_EQ(words.Value("--color"), "red");
    EXPECT_EQ(words.Value("--twice", "no"), "no");
  }
  EXPECT_TRUE(ParseCommand(kPaint, {"--twice", "east"}).options.contains("--twice"));
  EXPECT_THAT(ParseCommand(kPaint, {"--", "--twice"}).words, ElementsAre("--twice"));
}

TEST(CommandUsage, TakesAllValuesOfAListUpToTheNextOption) {
  static constexpr auto kPaths =
      std::to_array<CommandArgument>({{"--path", "PATH...", ""}, {"--twice", "", ""}});
  static constexpr CommandUsage kSweep = {"sweep", "", {}, kPaths};

  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--path", "a", "b", "--twice"},
                                             {"--path", "a", "--twice", "--path", "b"},
                                             {"--twice", "--path=a", "b"}}) {
    const CommandWords words = ParseCommand(kSweep, arguments);
    EXPECT_THAT(words.options.at("--path"), ElementsAre("a", "b"));
    EXPECT_TRUE(words.options.contains("--twice"));
  }
}

TEST(CommandUsage, SaysWhatIsWrong) {
  EXPECT_EQ(Refusal(kPaint, {}),
            "'aft paint' needs the argument WALL; see 'aft paint --help'");
  EXPECT_EQ(Refusal(kPaint, {"east", "west"}),
            "'aft paint' does not take 'west'; see 'aft paint --help'");
  EXPECT_EQ(Refusal(kPaint, {"east", "--colour=red"}),
            "'aft paint' has no option '--colour'; did you mean '--color'?");
  EXPECT_EQ(Refusal(kPaint, {"east", "--dry"}),
            "'aft paint' has no option '--dry'; see 'aft paint --help'");
  EXPECT_EQ(Refusal(kPaint, {"east", "--color"}),
            "'--color' needs a value, COLOR; see 'aft paint --help'");
  EXPECT_EQ(
      Refusal(kPaint, {"east", "--color", "gren"}),
      "'--color' takes 'red', 'green' or 'blue', not 'gren'; did you mean 'green'?");
}

TEST(CommandUsage, AsksForHelpBeforeAnythingElseIsWrong) {
  EXPECT_TRUE(ParseCommand(kPaint, {"--help", "--colour"}).asks_for_help);
  EXPECT_TRUE(ParseCommand(kPaint, {"east", "-h"}).asks_for_help);
  EXPECT_TRUE(ParseCommand(kAsk, {"--aft-color", "red", "-h"}).asks_for_help);
}

TEST(CommandUsage, PassesOnWhatIsForAnotherProgram) {
  const CommandWords words = ParseCommand(
      kAsk, {"east", "--color", "--aft-color", "red", "--help", "--", "-", ""});

  EXPECT_FALSE(words.asks_for_help);
  EXPECT_THAT(words.words, ElementsAre("east", "--color", "--help", "--", "-", ""));
  EXPECT_THAT(words.options, ElementsAre(Pair("--aft-color", ElementsAre("red"))));
  EXPECT_THAT(ParseCommand(kAsk, {"east"}).options, IsEmpty());
  EXPECT_EQ(Refusal(kAsk, {"east", "--aft-colour", "red"}),
            "'aft ask' has no option '--aft-colour'; did you mean '--aft-color'?");
  EXPECT_EQ(Refusal(kAsk, {"--quick", "east"}),
            "'aft ask' has no option '--quick'; see 'aft ask --help'");
}

}  // namespace
}  // namespace aft
