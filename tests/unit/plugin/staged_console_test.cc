// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/staged_console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace aft {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Format = DbtConsole::Format;

/// The console, and the lines that it writes, without the time of day.
class Printed {
 public:
  explicit Printed(const DbtConsole::Options& options = {})
      : console(options, [this](const std::string& text) { Take(text); }) {}

  /// A line of dbt's about a node or about none.
  void Say(const char* name, const std::string& message, const json::object& data = {},
           const char* level = "info") {
    console.TakeLine(json::serialize(json::object{
        {"info", {{"name", name}, {"level", level}, {"msg", message}}}, {"data", data}}));
  }

  /// A stream that a dbt has printed.
  void Stream(const std::string& name) {
    std::ifstream file(std::string(AFT_STREAMS) + "/" + name);
    EXPECT_TRUE(file.is_open()) << name;
    for (std::string line; std::getline(file, line);) console.TakeLine(line);
  }

  std::vector<std::string> lines;
  StagedConsole console;

 private:
  void Take(const std::string& text) {
    const bool has_time = text.size() > 10 && text[2] == ':' && text[5] == ':';
    lines.push_back(text.substr(has_time ? 10 : 0, text.size() - (has_time ? 11 : 1)));
  }
};

TEST(StagedConsole, NumbersTheNodesOfALaterStageThrough) {
  Printed printed;
  printed.console.BeginStage(0, 120);
  printed.console.BeginStage(98, 120);

  printed.Say("LogStartLine", "2 of 3 START sql table model main.b ........ [RUN]",
              {{"index", 2}, {"total", 3}});
  printed.Say("LogTestResult", "3 of 3 PASS c .................. [PASS in 0.1s]",
              {{"index", 3}, {"num_models", 3}});

  EXPECT_THAT(printed.lines,
              ElementsAre("100 of 120 START sql table model main.b .... [RUN]",
                          "101 of 120 PASS c .............. [PASS in 0.1s]"));
}

TEST(StagedConsole, KeepsOneDotWhereANumberNeedsMoreRoom) {
  Printed printed;
  printed.console.BeginStage(999'999, 2'000'000);

  printed.Say("LogStartLine", "1 of 1 . [RUN]", {{"index", 1}, {"total", 1}});
  printed.Say("LogStartLine", "1 of 1 START a  [RUN]", {{"index", 1}, {"total", 1}});

  EXPECT_THAT(printed.lines, ElementsAre("1000000 of 2000000 . [RUN]",
                                         "1000000 of 2000000 START a  [RUN]"));
}

TEST(StagedConsole, NumbersNothingThatDbtDoesNotNumber) {
  Printed printed;
  printed.console.BeginStage(5, 9);

  printed.Say("LogModelResult", " Succeeded [  0.1s] model main.a", {});
  printed.Say("LogModelResult", "1 of 2 OK", {{"index", 2}, {"total", 2}});

  EXPECT_THAT(printed.lines,
              ElementsAre(" Succeeded [  0.1s] model main.a", "1 of 2 OK"));
}

TEST(StagedConsole, PrintsThePreambleOnceAndNoClosingLines) {
  for (const char* version : {"dbt_1.7", "dbt_1.10", "dbt_2"}) {
    SCOPED_TRACE(version);
    Printed printed;
    printed.console.BeginStage(0, 15);
    printed.Stream(std::string(version) + "/build.jsonl");
    const std::vector<std::string> first = std::exchange(printed.lines, {});
    printed.console.BeginStage(0, 15);
    printed.Stream(std::string(version) + "/build.jsonl");

    EXPECT_THAT(first, Not(testing::Contains(HasSubstr("Running with dbt"))));
    EXPECT_THAT(first, Not(testing::Contains(StartsWith("Done. "))));
    EXPECT_THAT(first, Not(testing::Contains(HasSubstr("Finished "))));
    EXPECT_THAT(printed.lines, Not(testing::Contains(StartsWith("Concurrency: "))));
    EXPECT_THAT(printed.lines, Not(testing::Contains(HasSubstr("dbt1060"))));
    EXPECT_THAT(printed.lines, testing::Contains(HasSubstr("main.broken")).Times(2));
  }
}

TEST(StagedConsole, TellsOfErrorsOnceMoreAtTheEnd) {
  Printed printed;
  printed.console.BeginStage(0, 15);
  printed.Stream("dbt_1.7/build.jsonl");
  printed.console.Remember("model a (models/a.sql)", "a script failed");
  printed.lines.clear();
  StagedConsole::Ending ending;
  ending.what = "9 models";
  ending.elapsed = std::chrono::milliseconds(61'500);
  ending.counts = {10, 1, 2, 2, 0, 0};
  const char* const finished =
      "Finished running 9 models in 0 hours 1 minutes and 1.50 seconds (61.50s).";

  printed.console.Finish(ending);

  EXPECT_THAT(
      printed.lines,
      testing::IsSupersetOf({finished, "Completed with 2 errors and 1 warning:",
                             "  Got 60 results, configured to fail if != 0",
                             "Failure in model a (models/a.sql)", "  a script failed",
                             "Done. PASS=10 WARN=1 ERROR=2 SKIP=2 TOTAL=15"}));
}

TEST(StagedConsole, CountsNodesWithoutWorkAsTheDbtDoes) {
  Printed printed;
  printed.console.BeginStage(0, 15);
  printed.Stream("dbt_1.10/build.jsonl");
  printed.lines.clear();

  StagedConsole::Ending ending;
  ending.counts = {1, 0, 0, 0, 0, 2};

  printed.console.Finish(ending);

  EXPECT_THAT(printed.lines,
              testing::Contains("Done. PASS=1 WARN=0 ERROR=0 SKIP=0 NO-OP=2 TOTAL=3"));
}

TEST(StagedConsole, PassesOnWhatIsNotDbts) {
  Printed printed;
  printed.console.BeginStage(0, 1);

  printed.console.TakeLine("wrapper: using profile dev");
  printed.console.TakeLine("");

  EXPECT_THAT(printed.lines, ElementsAre("wrapper: using profile dev", ""));
}

TEST(StagedConsole, KeepsDebugForThoseWhoAskedForIt) {
  DbtConsole::Options options;
  for (const bool shows_debug : {false, true}) {
    options.least_level = shows_debug ? "debug" : "info";
    Printed printed(options);
    printed.Say("NodeStart", "Began running node a", {}, "debug");
    EXPECT_EQ(printed.lines.size(), shows_debug ? 1 : 0);
  }
}

TEST(StagedConsole, IsSilentButForErrorsWhereDbtIs) {
  DbtConsole::Options options;
  options.least_level = "error";
  Printed printed(options);

  printed.console.Print("fine");
  printed.console.Print("not fine", "error");

  EXPECT_THAT(printed.lines, ElementsAre("not fine"));
}

TEST(StagedConsole, WritesItsOwnLinesAsDbtsEventsInJson) {
  DbtConsole::Options options;
  options.format = Format::kJson;
  Printed printed(options);

  printed.console.PrintUnbuilt(2, 3, "relation main.b", "SKIP");

  ASSERT_EQ(printed.lines.size(), 1);
  const auto line = ParseDbtLogLine(printed.lines.front());
  ASSERT_TRUE(line);
  EXPECT_EQ(line->name, "SkippingDetails");
  EXPECT_THAT(line->message, StartsWith("2 of 3 SKIP relation main.b ......"));
}

TEST(StagedConsole, WarnsOnceOfWhatTheListingHasWarnedOf) {
  Printed printed;
  const std::string warning =
      R"({"info": {"name": "W", "level": "warn", "msg": "old style"}, "data": {}})";
  printed.console.TakeListing(warning);
  printed.console.PrintListing();
  printed.console.BeginStage(0, 1);

  printed.console.TakeLine(warning);
  printed.console.PrintListing();

  EXPECT_THAT(printed.lines, ElementsAre("old style"));
}

TEST(StagedConsole, KeepsToItselfWhatTheListingSaysToAQuietRun) {
  DbtConsole::Options options;
  options.least_level = "error";
  Printed printed(options);
  for (const char* line :
       {R"({"info": {"name": "MainReportVersion", "level": "info", "msg": "Running"}})",
        R"({"info": {"name": "PrintEvent", "level": "info", "msg": "of a macro"}})",
        R"({"info": {"name": "E", "level": "error", "msg": "broken"}})"})
    printed.console.TakeListing(line);

  printed.console.PrintListing();

  ASSERT_EQ(printed.lines.size(), 2);
  EXPECT_EQ(printed.lines.front(), "of a macro");
  EXPECT_EQ(printed.lines.back(), "broken");
}

}  // namespace
}  // namespace aft
