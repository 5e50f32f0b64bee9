// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_shim/error.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::Property;
using ::testing::Throws;

TEST(DbtCommand, PassesEveryArgumentOnAsItIs) {
  const DbtCommand command = ParseDbtCommand(
      {"dbt", "--quiet", "run", "-s", "+a", "--vars", "{x: '--y'}", "--", "-", ""});

  EXPECT_THAT(command.arguments, ElementsAre("--quiet", "run", "-s", "+a", "--vars",
                                             "{x: '--y'}", "--", "-", ""));
}

TEST(DbtCommand, MayBeAboutDbtInsteadOfOne) {
  const DbtCommand command =
      ParseDbtCommand({"debug", "--aft-dbt", "/opt/dbt", "--target", "run"});

  EXPECT_TRUE(command.is_debug);
  EXPECT_FALSE(command.runs_nodes);
  EXPECT_EQ(command.dbt, "/opt/dbt");
  EXPECT_THAT(command.arguments, ElementsAre("--target", "run"));
  EXPECT_FALSE(ParseDbtCommand({"dbt", "debug"}).is_debug);
}

TEST(DbtCommand, KeepsItsOwnOptionToItself) {
  EXPECT_EQ(ParseDbtCommand({"dbt", "run", "--aft-dbt", "/opt/dbt"}).dbt, "/opt/dbt");
  EXPECT_EQ(ParseDbtCommand({"dbt", "--aft-dbt=/opt/dbt", "run"}).dbt, "/opt/dbt");
  EXPECT_THAT(ParseDbtCommand({"dbt", "--aft-dbt", "/opt/dbt", "run"}).arguments,
              ElementsAre("run"));
}

TEST(DbtCommand, PassesOptionsOfDbtOn) {
  const DbtCommand apart = ParseDbtCommand({"dbt", "run", "--project-dir", "a b"});
  const DbtCommand joined = ParseDbtCommand({"dbt", "run", "--project-dir=a b"});

  EXPECT_THAT(apart.arguments, ElementsAre("run", "--project-dir", "a b"));
  EXPECT_THAT(joined.arguments, ElementsAre("run", "--project-dir=a b"));
}

TEST(DbtCommand, TellsWhichCommandsRunNodes) {
  for (const char* name : {"run", "build", "seed", "snapshot", "retry"})
    EXPECT_TRUE(ParseDbtCommand({"dbt", name}).runs_nodes) << name;
  for (const char* name :
       {"ls", "list", "deps", "debug", "compile", "test", "docs", "generate", "clone",
        "parse", "show", "run-operation", "freshness", "--version"})
    EXPECT_FALSE(ParseDbtCommand({"dbt", name}).runs_nodes) << name;
  EXPECT_FALSE(ParseDbtCommand({"dbt", "run", "--help"}).runs_nodes);
}

TEST(DbtCommand, TellsWhichCommandsCheckSources) {
  for (const char* name : {"freshness", "snapshot-freshness"})
    EXPECT_TRUE(ParseDbtCommand({"dbt", "source", name}).checks_sources) << name;
  EXPECT_FALSE(ParseDbtCommand({"dbt", "build"}).checks_sources);
  EXPECT_FALSE(ParseDbtCommand({"dbt", "source", "freshness", "-h"}).checks_sources);
}

TEST(DbtCommand, TakesFlowRunForDbtRun) {
  EXPECT_THAT(
      ParseDbtCommand({"flow", "run", "--experimental-flow", "-s", "a"}).arguments,
      ElementsAre("run", "-s", "a"));
  EXPECT_TRUE(ParseDbtCommand({"flow", "run"}).is_flow);
  EXPECT_FALSE(ParseDbtCommand({"dbt", "run"}).is_flow);
}

TEST(DbtCommand, NamesWhatItDoesNotKnow) {
  EXPECT_THAT(
      [] { ParseDbtCommand({"dtb"}); },
      Throws<Error>(Property(
          &Error::what,
          testing::StrEq("unknown command 'dtb'; the commands are 'aft dbt …', "
                         "'aft flow run', 'aft debug', 'aft read' and 'aft write'; "
                         "see 'aft --help'"))));
  EXPECT_THAT([] { ParseDbtCommand({"dbt", "run", "--aft-dtb", "x"}); },
              Throws<Error>(Property(
                  &Error::what,
                  testing::StrEq(
                      "unknown option, or one without its value: '--aft-dtb'; "
                      "aft's own options are '--aft-dbt PATH' and '--aft-mode MODE'"))));
}

}  // namespace
}  // namespace aft
