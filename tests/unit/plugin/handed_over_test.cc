// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/handed_over.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/shop.h"
#include "tests/support/staged_driver.h"

namespace aft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// a, and b below it; a script after a.
Shop TwoModels() {
  return Shop({{"a", false, {}, {}, {"a.py"}}, {"b", false, {0}, {}, {}}});
}

TEST(HandedOver, LeavesARunWithoutScriptsToDbt) {
  const Shop shop({{"a", false, {}, {}, {}}});
  StagedDriver driver(shop.path(), {"run", "--select", "a"});
  driver.List({"a"});

  ASSERT_TRUE(driver.Starts());
  EXPECT_THAT(driver.command.argv, ElementsAre("/bin/dbt", "run", "--select", "a"));
  EXPECT_FALSE(driver.command.is_captured);
  driver.run.CommandExited(3);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 3);
  EXPECT_EQ(driver.output, "");
}

TEST(HandedOver, KeepsNoResultsOfScriptsThatARunWithoutThemDoesNotHave) {
  const std::string old = R"({"results": [{"unique_id": "old", "status": "error"}]})";
  const Shop shop({{"a", false, {}, {}, {}}});
  struct Case {
    const char* command;
    bool has_begun;
    bool is_kept;
  };
  for (const auto& [command, has_begun, is_kept] :
       {Case{"run", true, false}, {"run", false, true}, {"test", true, true}}) {
    shop.Write("target/aft/results.json", old);
    StagedDriver driver(shop.path(), {command, "--select", "run"});

    driver.List({"a"});

    EXPECT_TRUE(driver.Starts());
    EXPECT_FALSE(driver.run.StopsWithoutReader());
    EXPECT_TRUE(shop.Results().contains("old"));
    if (has_begun) shop.Write("target/run_results.json", R"({"results": []})");
    driver.run.CommandExited(has_begun ? 0 : 2);
    EXPECT_EQ(shop.Results().contains("old"), is_kept) << command;
  }
}

TEST(StagedListing, EndsWithAListingThatFails) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path());

  ASSERT_TRUE(driver.Starts());
  driver.Print("no such project");
  driver.run.CommandExited(2);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 2);
  EXPECT_EQ(driver.output, "no such project\n");
  EXPECT_EQ(driver.errors,
            "aft: cannot tell what is selected: dbt has ended with exit code 2; see what "
            "it says above; aft asked with: /bin/dbt ls --output json --output-keys "
            "unique_id\n");
}

TEST(StagedListing, LeavesItAtWhatDbtSaysOfAnErrorInItsLog) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path());

  ASSERT_TRUE(driver.Starts());
  driver.Print(R"({"info": {"name": "E", "level": "error", "msg": "broken model"}})");
  driver.run.CommandExited(2);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 2);
  EXPECT_THAT(driver.output, HasSubstr("broken model"));
  EXPECT_EQ(driver.errors, "");
}

TEST(StagedListing, DoesNotTakeASilentListingForAnEmptyOne) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path(), {"run", "--vars", "{password: secret}"});

  ASSERT_TRUE(driver.Starts());
  driver.run.CommandExited(0);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 2);
  EXPECT_THAT(
      driver.errors,
      AllOf(HasSubstr("dbt has listed nothing, and has not said that nothing"),
            HasSubstr("/bin/dbt ls --vars … --output"), Not(HasSubstr("secret"))));
}

TEST(HandedOver, LeavesARunToDbtWhereDbtSaysThatNothingIsSelected) {
  const Shop shop = TwoModels();
  const std::vector<std::vector<std::string>> lines = {
      {R"({"info": {"name": "NoNodesSelected", "msg": "No nodes selected!"}})", "run"},
      {R"({"info": {"name": "CommandCompleted", "level": "info", "msg": "Done"}})",
       "run"},
      {R"({"info": {"name": "LogMessage", "msg": "Nothing to do. Try checking"}})",
       "run"},
      {"", "run", "--warn-error-options", "{silence: [NoNodesSelected]}"}};
  for (const std::vector<std::string>& line : lines) {
    StagedDriver driver(shop.path(), {line.begin() + 1, line.end()});
    ASSERT_TRUE(driver.Starts());
    driver.Print(line.front());
    driver.run.CommandExited(0);

    ASSERT_TRUE(driver.Starts());
    EXPECT_FALSE(driver.command.is_captured);
    EXPECT_EQ(driver.errors, "");
  }
}

TEST(StagedListing, TakesNoDebugLineOfItsEndForAnEmptyOne) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path(), {"run", "--debug"});

  ASSERT_TRUE(driver.Starts());
  driver.Print(
      R"({"info": {"name": "CommandCompleted", "level": "debug", "msg": "End"}})");
  driver.run.CommandExited(0);

  EXPECT_EQ(driver.run.exit_code(), 2);
  EXPECT_THAT(driver.errors, HasSubstr("dbt has listed nothing"));
}

TEST(HandedOver, IsNoSuccessWhereDbtHasWorkedOnANodeThatItDidNotList) {
  const Shop shop = TwoModels();
  StagedDriver driver(shop.path(), {"run"});
  driver.List({});

  ASSERT_TRUE(driver.Starts());
  driver.WriteRunResults({{"a", "success"}, {"b", "success"}});
  driver.run.CommandExited(0);

  EXPECT_EQ(driver.run.exit_code(), 1);
  EXPECT_EQ(
      driver.errors,
      "aft: the scripts of 'a' did not run because dbt did not list these nodes before "
      "it built them\n");
}

}  // namespace
}  // namespace aft
