// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin/commands/list.h"

namespace aft {
namespace {

using ::testing::ElementsAre;

/// What comes after `aft dbt`.
DbtCommand Typed(const std::vector<std::string>& arguments) {
  return DbtCommandOf(ParseCommand(FindCommand("dbt")->usage, arguments));
}

TEST(DbtCommand, PassesEveryArgumentOnAsItIs) {
  const DbtCommand command = Typed(
      {"--quiet", "run", "-s", "+a", "--vars", "{x: '--y'}", "--a=b c", "--", "-", ""});

  EXPECT_THAT(command.arguments, ElementsAre("--quiet", "run", "-s", "+a", "--vars",
                                             "{x: '--y'}", "--a=b c", "--", "-", ""));
}

TEST(DbtCommand, KeepsOptionsOfAftToItself) {
  EXPECT_EQ(Typed({"run", "--aft-dbt", "/opt/dbt"}).dbt, "/opt/dbt");
  EXPECT_EQ(Typed({"--aft-dbt=/opt/dbt", "run"}).dbt, "/opt/dbt");
  EXPECT_THAT(Typed({"--aft-dbt", "/opt/dbt", "run"}).arguments, ElementsAre("run"));
  EXPECT_EQ(Typed({"run", "--aft-mode", "staged"}).mode, DbtMode::kStaged);
  EXPECT_EQ(Typed({"run", "--aft-mode=live"}).mode, DbtMode::kLive);
  EXPECT_EQ(Typed({"run"}).mode, DbtMode::kAuto);
}

TEST(DbtCommand, TellsWhichCommandsRunNodes) {
  for (const char* name : {"run", "build", "seed", "snapshot", "retry"})
    EXPECT_TRUE(Typed({name}).runs_nodes) << name;
  for (const char* name :
       {"ls", "list", "deps", "debug", "compile", "test", "docs", "generate", "clone",
        "parse", "show", "run-operation", "freshness", "--version"})
    EXPECT_FALSE(Typed({name}).runs_nodes) << name;
  EXPECT_FALSE(Typed({"run", "--help"}).runs_nodes);
}

TEST(DbtCommand, TellsWhichCommandsCheckSources) {
  for (const char* name : {"freshness", "snapshot-freshness"})
    EXPECT_TRUE(Typed({"source", name}).checks_sources) << name;
  EXPECT_FALSE(Typed({"build"}).checks_sources);
  EXPECT_FALSE(Typed({"source", "freshness", "-h"}).checks_sources);
}

}  // namespace
}  // namespace aft
