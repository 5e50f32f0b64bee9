// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/environment_variable.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(DbtArguments, GiveListsAllValuesUpToTheNextOption) {
  const DbtArguments arguments(
      {"run", "--select", "a", "b+", "--exclude", "c", "-s", "d"});

  EXPECT_EQ(arguments.command(), "run");
  EXPECT_THAT(arguments.Values("--select"), ElementsAre("a", "b+", "d"));
  EXPECT_THAT(arguments.Values("--exclude"), ElementsAre("c"));
  EXPECT_THAT(arguments.Values("--selector"), IsEmpty());
}

TEST(DbtArguments, TakeListsWithAnEqualsSign) {
  const DbtArguments arguments({"ls", "--select=a", "b", "--resource-type=model"});

  EXPECT_EQ(arguments.command(), "ls");
  EXPECT_THAT(arguments.Values("--select"), ElementsAre("a", "b"));
  EXPECT_THAT(arguments.Values("--resource-type"), ElementsAre("model"));
}

TEST(DbtArguments, FindTheCommandBehindOptionsOfDbtItself) {
  EXPECT_EQ(DbtArguments({"--log-format", "json", "-q", "source", "freshness"}).command(),
            "source freshness");
  EXPECT_EQ(DbtArguments({"--partial-parse-file-path", "x.msgpack", "run"}).command(),
            "run");
  EXPECT_EQ(DbtArguments({}).command(), "");
}

TEST(DbtArguments, FindTheCommandBehindAnOptionOfAnotherDbt) {
  const DbtArguments arguments({"--new", "value", "-q", "run", "--newer", "docs", "x"});

  EXPECT_EQ(arguments.command(), "run");
  EXPECT_THAT(arguments.WordsWithout({}, "ls"),
              ElementsAre("--new", "value", "-q", "ls", "--newer", "docs", "x"));
  EXPECT_EQ(DbtArguments({"source", "freshness", "run"}).command(), "source freshness");
  EXPECT_EQ(DbtArguments({"run-operation", "run"}).command(), "run-operation");
  EXPECT_EQ(DbtArguments({"new-command", "x"}).command(), "new-command");
}

TEST(DbtArguments, KnowShortNames) {
  const DbtArguments arguments(
      {"run", "-t", "dev", "-x", "-f", "-m", "a", "--models", "b"});

  EXPECT_EQ(arguments.Value("--target"), "dev");
  EXPECT_TRUE(arguments.Flag("fail-fast", false));
  EXPECT_TRUE(arguments.Flag("full-refresh", false));
  EXPECT_THAT(arguments.Values("--select"), ElementsAre("a", "b"));
}

TEST(DbtArguments, ReadAValueRightBehindAShortName) {
  const DbtArguments arguments({"run", "-tdev", "-sorders", "customers"});

  EXPECT_EQ(arguments.command(), "run");
  EXPECT_EQ(arguments.Value("--target"), "dev");
  EXPECT_THAT(arguments.Values("--select"), ElementsAre("orders", "customers"));
}

TEST(DbtArguments, TakeTheLastOfSeveral) {
  const DbtArguments arguments({"run", "--target", "a", "--target=b", "--fail-fast",
                                "--no-fail-fast", "--no-use-colors", "--use-colors"});

  EXPECT_EQ(arguments.Value("--target"), "b");
  EXPECT_FALSE(arguments.Flag("fail-fast", true));
  EXPECT_TRUE(arguments.Flag("use-colors", false));
}

TEST(DbtArguments, LetASingleValueBeginWithADash) {
  const DbtArguments arguments({"run", "--vars", "-1", "--args", "--x", "--threads"});

  EXPECT_EQ(arguments.Value("--vars"), "-1");
  EXPECT_EQ(arguments.Value("--args"), "--x");
  EXPECT_EQ(arguments.Value("--threads"), "");
}

TEST(DbtArguments, FallBackOnTheVariablesOfTheNewestDbt) {
  const DbtArguments arguments({"run"});
  const EnvironmentVariable older("DBT_LOG_FORMAT", "text");
  EXPECT_EQ(arguments.Setting("log-format"), "text");

  const EnvironmentVariable newer("DBT_ENGINE_LOG_FORMAT", "json");
  EXPECT_EQ(arguments.Setting("log-format"), "json");
  EXPECT_EQ(DbtArguments({"run", "--log-format", "debug"}).Setting("log-format"),
            "debug");
}

TEST(DbtArguments, KnowWhichVariablesTheirDbtReads) {
  const EnvironmentVariable profiles("DBT_PROFILES_DIR", "/profiles");
  const EnvironmentVariable target("DBT_TARGET", "prod");
  const EnvironmentVariable newer("DBT_ENGINE_TARGET", "newest");
  const EnvironmentVariable refresh("DBT_FULL_REFRESH", "1");
  const auto called = [](const char* version) {
    return DbtArguments({"run"}, DbtVariables(version));
  };

  for (const char* version : {"1.4.9", "1.7.20", "1.10.23", "1.11.0rc1", ""})
    EXPECT_EQ(called(version).Setting("profiles-dir"), "/profiles") << version;
  EXPECT_EQ(called("1.7.20").Setting("target"), "");
  EXPECT_EQ(called("1.8.0").Setting("target"), "prod");
  EXPECT_EQ(called("1.10.23").Setting("target"), "prod");
  EXPECT_EQ(called("1.11.2").Setting("target"), "newest");
  EXPECT_EQ(called("2.0.0-alpha.4").Setting("target"), "prod");
  EXPECT_FALSE(called("1.4.9").Flag("full-refresh", false));
  EXPECT_TRUE(called("1.5.0").Flag("full-refresh", false));
}

TEST(DbtArguments, YieldToTheOldNamesOfVariables) {
  const EnvironmentVariable state("DBT_STATE", "new");
  const EnvironmentVariable old_state("DBT_ARTIFACT_STATE_PATH", "old");
  const EnvironmentVariable old_defer("DBT_DEFER_TO_STATE", "true");
  const std::vector<std::string> words = {"run", "--state", "given", "--no-defer"};

  const DbtArguments since_click(words, DbtVariables("1.7.20"));
  EXPECT_EQ(since_click.Setting("state"), "old");
  EXPECT_TRUE(since_click.Flag("defer", false));

  EXPECT_EQ(DbtArguments(words, DbtVariables("1.4.9")).Setting("state"), "given");
  EXPECT_EQ(DbtArguments({"run"}, DbtVariables("1.4.9")).Setting("state"), "old");
}

TEST(DbtArguments, ReadFlagsFromVariables) {
  const DbtArguments arguments({"run"});
  EXPECT_TRUE(arguments.Flag("fail-fast", true));
  for (const char* on : {"1", "TRUE", "t", "Yes", "y", "on"}) {
    const EnvironmentVariable variable("DBT_FAIL_FAST", on);
    EXPECT_TRUE(arguments.Flag("fail-fast", false)) << on;
  }
  const EnvironmentVariable off("DBT_FAIL_FAST", "0");
  EXPECT_FALSE(arguments.Flag("fail-fast", true));
  EXPECT_TRUE(DbtArguments({"run", "--fail-fast"}).Flag("fail-fast", false));
}

TEST(DbtArguments, TakeTheValueOfAnUnknownOptionForNoCommand) {
  const DbtArguments arguments({"build", "--of-another-dbt", "off", "-s", "a"});

  EXPECT_EQ(arguments.command(), "build");
  EXPECT_THAT(arguments.WordsWithout({"--select"}),
              ElementsAre("--of-another-dbt", "off"));
}

TEST(DbtArguments, GiveBackWhatWasTypedButForSome) {
  const DbtArguments arguments({"-q", "run", "-s", "a", "b", "--vars={x: 1}", "-tdev"});

  EXPECT_THAT(arguments.WordsWithout({"--select"}),
              ElementsAre("-q", "--vars={x: 1}", "-tdev"));
  EXPECT_THAT(arguments.WordsWithout({"--vars", "--quiet", "--target"}),
              ElementsAre("-s", "a", "b"));
}

}  // namespace
}  // namespace aft
