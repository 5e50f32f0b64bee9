// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/recorded_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "plugin/dbt/command_line.h"
#include "plugin/dbt/dbt_invocation.h"

namespace aft {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(RecordedArguments, AreTheOptionsThatSayHowARunBuilds) {
  const json::value args = json::parse(
      R"({"which": "run", "select": ["a"], "full_refresh": true, "fail_fast": false,
          "defer": false, "threads": 4, "vars": {"x": 1}, "target": "prod",
          "profile": null, "sample": "2 days"})");

  EXPECT_THAT(
      RecordedOptions(args),
      ElementsAre("--full-refresh", "--no-defer", "--no-fail-fast", "--target", "prod",
                  "--sample", "2 days", "--threads", "4", "--vars", R"({"x":1})"));
  EXPECT_THAT(RecordedOptions(json::value(nullptr)), IsEmpty());
}

TEST(RecordedArguments, AreWhatARetryCanRead) {
  const DbtArguments arguments({"run", "-t", "prod", "--threads", "2", "--vars", "{x: y}",
                                "--defer", "--select", "a"});

  EXPECT_EQ(json::serialize(RecordedArguments(arguments)),
            R"({"defer":true,"target":"prod","vars":{"x":"y"},"threads":2})");
}

TEST(RecordedArguments, AreKeptWithoutSecretsAndWithFolders) {
  const DbtArguments arguments({"run", "--target-path", "out", "--project-dir", "/shop",
                                "--no-defer", "--fail-fast", "--vars",
                                "{day: 1, token: abc, db: {url: 'pg://me:s3cret@h/a'}}"});

  EXPECT_EQ(json::serialize(ArgumentsToKeep(RecordedArguments(arguments))),
            R"({"fail_fast":true,"project_dir":"/shop","target_path":"out",)"
            R"("vars":{"day":1,"token":"*****","db":{"url":"pg://me:*****@h/a"}}})");
}

TEST(RecordedArguments, CallARunAgainWithTheFoldersThatAreNotTheUsualOnes) {
  const json::value args = json::parse(
      R"({"defer": false, "target": "prod", "target_path": "out", "profiles_dir": "/p",
          "project_dir": "/shop", "vars": {"day": 1}})");

  EXPECT_THAT(OptionsToCallAgain(args, "1.10.0"),
              ElementsAre("--target", "prod", "--vars", R"({"day":1})", "--project-dir",
                          "/shop", "--profiles-dir", "/p", "--target-path", "out"));
  const json::value usual = {{"profiles_dir", ProfilesFolder(DbtArguments({})).native()}};
  EXPECT_THAT(OptionsToCallAgain(usual, "1.10.0"), IsEmpty());
}

TEST(CommandLine, ShowsVariablesWithoutSecretsOnly) {
  EXPECT_EQ(CommandLine({"aft", "--vars", "{day: 1}", "--vars={day: 2}"}),
            "aft --vars '{day: 1}' '--vars={day: 2}'");
  EXPECT_EQ(CommandLine({"aft", "--vars", "{token: a}", "--vars={pw: b}", "--vars", "[1]",
                         "--vars", R"({"url": "pg://u:*****@h"})", "x"}),
            "aft --vars … --vars=… --vars … --vars … x");
}

}  // namespace
}  // namespace aft
