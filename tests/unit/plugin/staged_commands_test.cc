// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/staged_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_shim/error.h"

namespace aft {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::IsSupersetOf;

TEST(StagedCommands, ListWhatTheUserSelects) {
  const StagedCommands commands(
      "/bin/dbt", {"--log-format", "text", "build", "-s", "a", "b+", "--full-refresh",
                   "--threads=4", "-x", "--vars", "{x: 1}", "--empty"});

  const Process listing = commands.Listing();

  EXPECT_THAT(listing.argv,
              ElementsAre("/bin/dbt", "ls", "--vars", "{x: 1}", "--select", "a", "b+",
                          "--output", "json", "--output-keys", "unique_id"));
  EXPECT_THAT(listing.environment,
              IsSupersetOf({"DBT_LOG_FORMAT=json", "DBT_ENGINE_LOG_FORMAT=json"}));
  EXPECT_TRUE(listing.is_captured);
}

TEST(StagedCommands, ListAloudHoweverQuietTheRunIs) {
  const StagedCommands commands("/bin/dbt",
                                {"-q", "--no-quiet", "--log-level", "none", "run", "-d"});

  const Process listing = commands.Listing();

  EXPECT_THAT(listing.argv, ElementsAre("/bin/dbt", "ls", "-d", "--output", "json",
                                        "--output-keys", "unique_id"));
  EXPECT_THAT(listing.environment,
              IsSupersetOf({"DBT_QUIET=false", "DBT_ENGINE_QUIET=false",
                            "DBT_LOG_LEVEL=info", "DBT_ENGINE_LOG_LEVEL=info"}));
  EXPECT_THAT(commands.Stage({{"fqn:a"}, {}, {}}).argv,
              ElementsAre("/bin/dbt", "-q", "--no-quiet", "--log-level", "none", "run",
                          "-d", "--select", "fqn:a"));
}

// `dbt ls --models` lists models only.
TEST(StagedCommands, ListWhatModelsMeansForOtherCommands) {
  for (const char* option : {"-m", "--models", "--model"})
    EXPECT_THAT(
        StagedCommands("/bin/dbt", {"seed", option, "a", "-s", "b"}).Listing().argv,
        ElementsAre("/bin/dbt", "ls", "--select", "a", "b", "--output", "json",
                    "--output-keys", "unique_id"));
}

TEST(StagedCommands, ListWithoutTheOptionsOfABuildThatDbtLsDoesNotTake) {
  const StagedCommands commands(
      "/bin/dbt", {"build", "--include-saved-query", "--no-include-saved-query",
                   "--sqlparse", "{}", "--maximum-seed-size-mib", "2"});

  EXPECT_THAT(commands.Listing().argv,
              ElementsAre("/bin/dbt", "ls", "--maximum-seed-size-mib", "2", "--output",
                          "json", "--output-keys", "unique_id"));
}

// dbt 1.7 takes `--warn-error` nowhere else.
TEST(StagedCommands, LeaveWhatStandsBeforeTheSubcommandThere) {
  const StagedCommands commands("/bin/dbt", {"--warn-error", "run", "-t", "dev"});

  EXPECT_THAT(commands.Listing().argv,
              ElementsAre("/bin/dbt", "--warn-error", "ls", "-t", "dev", "--output",
                          "json", "--output-keys", "unique_id"));
  EXPECT_THAT(
      commands.Stage({{"fqn:a"}, {}, {}}).argv,
      ElementsAre("/bin/dbt", "--warn-error", "run", "-t", "dev", "--select", "fqn:a"));
}

TEST(StagedCommands, KeepOptionsOfAnotherDbtWithTheirValues) {
  const StagedCommands commands("/bin/dbt", {"--new", "value", "run", "--newer", "one"});

  EXPECT_THAT(commands.Listing().argv,
              ElementsAre("/bin/dbt", "--new", "value", "ls", "--newer", "one",
                          "--output", "json", "--output-keys", "unique_id"));
  EXPECT_THAT(commands.Stage({{"fqn:a"}, {}, {}}).argv,
              ElementsAre("/bin/dbt", "--new", "value", "run", "--newer", "one",
                          "--select", "fqn:a"));
}

TEST(StagedCommands, ListWithoutTheOptionsThatDbt2TakesForARun) {
  const StagedCommands commands(
      "/bin/dbt", {"build", "--static-analysis", "off", "--sampled", "source:a", "b",
                   "--compute", "remote", "--state-mode=noop", "--skip-checks"});

  EXPECT_THAT(commands.Listing().argv,
              ElementsAre("/bin/dbt", "ls", "--compute", "remote", "--output", "json",
                          "--output-keys", "unique_id"));
  EXPECT_THAT(commands.Stage({{"fqn:a"}, {}, {}}).argv,
              ElementsAre("/bin/dbt", "build", "--static-analysis", "off", "--sampled",
                          "source:a", "b", "--compute", "remote", "--state-mode=noop",
                          "--skip-checks", "--select", "fqn:a"));
}

TEST(StagedCommands, RunAStageOfTheseNodesAlone) {
  const StagedCommands commands(
      "/bin/dbt",
      {"build", "-s", "a", "--exclude", "c", "--selector=s", "--resource-type", "model",
       "--indirect-selection", "cautious", "--full-refresh", "-t", "dev"});

  const Process stage =
      commands.Stage({{"fqn:a,path:a.sql", "fqn:b,path:b.sql"}, {}, {}});

  EXPECT_THAT(stage.argv,
              ElementsAre("/bin/dbt", "build", "--full-refresh", "-t", "dev", "--select",
                          "fqn:a,path:a.sql", "fqn:b,path:b.sql"));
  EXPECT_THAT(stage.environment, Contains("DBT_INDIRECT_SELECTION=empty"));
  EXPECT_THAT(stage.environment, Contains("DBT_ENGINE_INDIRECT_SELECTION=empty"));
  EXPECT_TRUE(stage.is_captured);
}

TEST(StagedCommands, PutAStateInThePlaceOfTheUsers) {
  const StagedCommands commands("/bin/dbt",
                                {"run", "--state", "prod", "--defer-state", "d"});

  const Process stage = commands.Stage({{"fqn:a"}, "/shop/kept", "/shop/deferred"});
  EXPECT_THAT(stage.argv,
              ElementsAre("/bin/dbt", "run", "--state", "/shop/kept", "--defer-state",
                          "/shop/deferred", "--select", "fqn:a"));
  EXPECT_THAT(stage.environment, Contains("DBT_ARTIFACT_STATE_PATH="));
  EXPECT_THAT(commands.Stage({{"fqn:a"}, {}, {}}).argv,
              ElementsAre("/bin/dbt", "run", "--state", "prod", "--defer-state", "d",
                          "--select", "fqn:a"));
}

TEST(StagedCommands, NeedAFolderToDeferTo) {
  ProjectConfig project;
  project.folder = "/shop";
  const auto folder = [&](const std::vector<std::string>& words) {
    return StagedCommands("/bin/dbt", words).DeferFolder(project);
  };
  EXPECT_EQ(folder({"run"}), "");
  EXPECT_EQ(folder({"run", "--defer", "--state", "/prod"}), "/prod");
  EXPECT_EQ(folder({"run", "--defer", "--state", "prod"}), "/shop/prod");
  EXPECT_THROW(folder({"run", "--defer"}), Error);
}

TEST(StagedCommands, RepeatARunAsItWasCalled) {
  const StagedCommands retry(
      "/bin/dbt", {"--target=dev", "retry", "--state", "/prod", "--profile", "p",
                   "--full-refresh", "--threads", "2", "--warn-error", "--quiet"});

  const StagedCommands repeating =
      retry.Repeating("build", {"--target", "prod", "--threads", "4"});

  EXPECT_THAT(repeating.words(),
              ElementsAre("build", "--target", "prod", "--threads", "4", "--threads", "2",
                          "--warn-error", "--quiet"));
}

TEST(StagedCommands, GiveDbtWhatWasTypedWhereNothingIsToDo) {
  const std::vector<std::string> words = {"-q", "run", "-s", "a", "--log-format=json"};
  const StagedCommands commands("/bin/dbt", words);

  const Process typed = commands.AsTyped();

  EXPECT_EQ(typed.argv.front(), "/bin/dbt");
  EXPECT_THAT(std::vector<std::string>(typed.argv.begin() + 1, typed.argv.end()),
              ElementsAreArray(words));
  EXPECT_THAT(typed.environment, IsEmpty());
  EXPECT_FALSE(typed.is_captured);
}

TEST(StagedCommands, KnowWhichNodesASubcommandWorksOn) {
  EXPECT_TRUE(StagedCommands("dbt", {"run"}).RunsType("model"));
  EXPECT_FALSE(StagedCommands("dbt", {"run"}).RunsType("seed"));
  EXPECT_TRUE(StagedCommands("dbt", {"seed"}).RunsType("seed"));
  EXPECT_TRUE(StagedCommands("dbt", {"build"}).RunsType("unit_test"));
  EXPECT_FALSE(StagedCommands("dbt", {"build"}).RunsType("source"));
  EXPECT_FALSE(StagedCommands("dbt", {"docs", "generate"}).RunsType("model"));
}

}  // namespace
}  // namespace aft
