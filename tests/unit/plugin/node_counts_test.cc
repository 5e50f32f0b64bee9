// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/node_counts.h"

#include <gtest/gtest.h>

#include "plugin/dbt/node_status.h"

namespace aft {
namespace {

TEST(NodeStatus, TellsSuccessFromFailureFromWhatWasSkipped) {
  for (const char* status : {"success", "pass", "warn", "no-op", "reused"}) {
    EXPECT_TRUE(IsSuccess(status)) << status;
    EXPECT_FALSE(IsFailure(status)) << status;
  }
  for (const char* status : {"error", "fail", "runtime error", "partial success"}) {
    EXPECT_TRUE(IsFailure(status)) << status;
    EXPECT_FALSE(IsSuccess(status)) << status;
  }
  for (const char* status : {"skipped", "", "a word of a later dbt"}) {
    EXPECT_FALSE(IsFailure(status)) << status;
    EXPECT_FALSE(IsSuccess(status)) << status;
  }
}

TEST(NodeCounts, CountEachStatusAsDbtDoes) {
  const NodeCounts counts = Count({{"a", "success", ""},
                                   {"b", "pass", ""},
                                   {"c", "warn", ""},
                                   {"d", "error", ""},
                                   {"e", "fail", ""},
                                   {"f", "skipped", ""},
                                   {"g", "partial success", ""},
                                   {"h", "no-op", ""},
                                   {"i", "reused", ""},
                                   {"j", "a word of a later dbt", ""}});

  EXPECT_EQ(counts.passed, 2);
  EXPECT_EQ(counts.warned, 1);
  EXPECT_EQ(counts.failed, 3);
  EXPECT_EQ(counts.skipped, 1);
  EXPECT_EQ(counts.partial, 1);
  EXPECT_EQ(counts.without_work, 2);
  EXPECT_EQ(counts.total(), 10);
}

TEST(NodeCounts, NameTheNodesByTheirKinds) {
  Graph graph;
  graph["a"].type = graph["b"].type = "model";
  graph["a"].materialization = graph["b"].materialization = "table";
  graph["c"].type = "model";
  graph["c"].materialization = "view";
  graph["d"].type = "test";
  graph["e"].type = "unit_test";
  const std::vector<NodeResult> results = {{"a", "success", ""}, {"b", "error", ""},
                                           {"c", "success", ""}, {"d", "pass", ""},
                                           {"e", "pass", ""},    {"gone", "pass", ""}};

  EXPECT_EQ(Tally(results, graph, "1.10.0"),
            "2 table models, 1 data test, 1 unit test, 1 view model");
  EXPECT_EQ(Tally(results, graph, "1.7.20"),
            "2 table models, 1 test, 1 unit test, 1 view model");
  EXPECT_EQ(Tally({}, graph, "1.10.0"), "");
}

}  // namespace
}  // namespace aft
