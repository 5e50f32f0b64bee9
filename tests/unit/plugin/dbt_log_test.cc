// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_log.h"

#include <gtest/gtest.h>

#include <string>

namespace aft {
namespace {

TEST(DbtLog, ReadsTheEndOfANode) {
  const auto line = ParseDbtLogLine(
      R"({"data": {"index": 3, "total": 9, "node_info": {"unique_id": "model.shop.a",
          "node_status": "error"}},
          "info": {"name": "LogModelResult", "level": "error", "msg": "3 of 9 ERROR",
          "ts": "2026-01-31T12:00:00.000001Z"}})");

  ASSERT_TRUE(line);
  EXPECT_EQ(line->name, "LogModelResult");
  EXPECT_EQ(line->level, "error");
  EXPECT_EQ(line->message, "3 of 9 ERROR");
  EXPECT_EQ(line->time, "2026-01-31T12:00:00.000001Z");
  EXPECT_EQ(line->node, "model.shop.a");
  EXPECT_EQ(line->status, "error");
  EXPECT_EQ(line->index, 3);
  EXPECT_EQ(line->total, 9);
}

TEST(DbtLog, TakesAStatusOnlyFromALineThatTellsTheEnd) {
  for (const char* name :
       {"LogStartLine", "NodeFinished", "SkippingDetails", "Result", "LogBatchResult"}) {
    const auto line =
        ParseDbtLogLine(std::string(R"({"info": {"name": ")") + name +
                        R"("}, "data": {"node_info": {"node_status": "success"}}})");
    ASSERT_TRUE(line);
    EXPECT_EQ(line->status, "") << name;
  }
}

TEST(DbtLog, FindsTheNumberOfTestsUnderItsOwnName) {
  const auto line = ParseDbtLogLine(
      R"({"info": {"name": "LogTestResult"}, "data": {"index": 2, "num_models": 5}})");

  ASSERT_TRUE(line);
  EXPECT_EQ(line->total, 5);
}

TEST(DbtLog, ReadsWhetherNodesWithoutWorkAreCounted) {
  const auto counts = [](const char* data) {
    return ParseDbtLogLine(std::string(R"({"info": {}, "data": )") + data + "}")
        ->counts_noops;
  };
  EXPECT_TRUE(counts(R"({"stats": {"noop": 0}})"));
  EXPECT_FALSE(counts(R"({"stats": {"pass": 0}})"));
}

TEST(DbtLog, LeavesOutWhatIsNoCount) {
  for (const char* number : {"-1", "0", "2147483648", "1e3", "\"3\"", "null", "[3]"}) {
    const auto line = ParseDbtLogLine(std::string(R"({"info": {}, "data": {"index": )") +
                                      number + "}}");
    ASSERT_TRUE(line) << number;
    EXPECT_EQ(line->index, 0) << number;
  }
}

TEST(DbtLog, DoesWithoutAnyField) {
  for (const char* text :
       {R"({"info": {}})", R"({"info": {}, "data": null})",
        R"({"info": {"name": 1, "msg": []}, "data": {"node_info": 1}})"}) {
    const auto line = ParseDbtLogLine(text);
    ASSERT_TRUE(line) << text;
    EXPECT_EQ(line->name + line->message + line->node, "") << text;
  }
}

TEST(DbtLog, KnowsOtherLinesByTheirShape) {
  for (const std::string& text :
       {std::string("12:00:00  Running with dbt"), std::string("[1]"), std::string("{}"),
        std::string(R"({"info": 1})"), std::string(R"({"info": {})"), std::string(),
        std::string(100'000, '['), std::string("{\"info\": {\"msg\": \"\xff\"}}")})
    EXPECT_FALSE(ParseDbtLogLine(text)) << text.substr(0, 40);
}

TEST(DbtLog, ListsANodeAsAnEventOrBare) {
  EXPECT_EQ(ListedNode(R"({"unique_id": "model.shop.a"})"), "model.shop.a");
  EXPECT_EQ(ListedNode(R"({"info": {"name": "PrintEvent"},
                           "data": {"msg": "{\"unique_id\": \"model.shop.a\"}"}})"),
            "model.shop.a");
  EXPECT_EQ(ListedNode(R"({"info": {"name": "ListCmdOut",
                           "msg": "{\"unique_id\": \"model.shop.a\"}"}, "data": {}})"),
            "model.shop.a");
}

TEST(DbtLog, ListsNothingForOtherLines) {
  for (const char* text :
       {"model.shop.a", "", "{}", R"({"unique_id": 1})",
        R"({"info": {"name": "Note", "msg": "hello"}, "data": {"msg": "hello"}})"})
    EXPECT_EQ(ListedNode(text), "") << text;
}

}  // namespace
}  // namespace aft
