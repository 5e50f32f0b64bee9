// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/recorded_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

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

}  // namespace
}  // namespace aft
