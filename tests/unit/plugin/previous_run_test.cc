// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/previous_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// The results of dbt and of aft, of the runs with these ids.
PreviousRun Read(const std::string& args, const std::string& of_dbt,
                 const std::string& of_scripts, const char* run_of_scripts = "first",
                 bool repeats_warned = false) {
  const TemporaryFolder folder;
  folder.Write("run_results.json",
               Text(R"({"metadata": {"invocation_id": "first"}, "args": )", args,
                    R"(, "results": )", of_dbt, "}"));
  folder.Write("aft/results.json",
               Text(R"({"metadata": {"invocation_id": ")", run_of_scripts,
                    R"("}, "results": )", of_scripts, "}"));
  return ReadPreviousRun(folder.path(), repeats_warned);
}

TEST(PreviousRun, LeavesWhatFailedAndWhatDidNotRun) {
  const PreviousRun run = Read(R"({"which": "build"})",
                               R"([{"unique_id": "a", "status": "success"},
                                   {"unique_id": "b", "status": "error"},
                                   {"unique_id": "c", "status": "skipped"},
                                   {"unique_id": "d", "status": "partial success"},
                                   {"unique_id": "e", "status": "warn"},
                                   {"unique_id": "f", "status": "fail"}])",
                               R"([{"unique_id": "s1", "status": "success"},
                                   {"unique_id": "s2", "status": "error"},
                                   {"unique_id": "s3", "status": "skipped"},
                                   {"unique_id": "s4", "status": "running"}])");

  EXPECT_EQ(run.command, "build");
  EXPECT_EQ(run.invocation_id, "first");
  EXPECT_THAT(run.nodes, UnorderedElementsAre("b", "c", "d", "f"));
  EXPECT_THAT(run.failed, UnorderedElementsAre("s2", "s3", "s4"));
  EXPECT_TRUE(run.knows_scripts);
}

TEST(PreviousRun, LeavesWhatHasWarnedWhereThatIsAnError) {
  const PreviousRun run = Read(R"({"which": "build"})",
                               R"([{"unique_id": "a", "status": "success"},
                                   {"unique_id": "b", "status": "warn"}])",
                               "[]", "first", true);

  EXPECT_THAT(run.nodes, ElementsAre("b"));
}

TEST(PreviousRun, TakesNoScriptsOfAnotherRun) {
  const PreviousRun run = Read(R"({"which": "run"})", "[]",
                               R"([{"unique_id": "s", "status": "error"}])", "second");

  EXPECT_THAT(run.failed, IsEmpty());
  EXPECT_FALSE(run.knows_scripts);
  EXPECT_TRUE(run.has_foreign_scripts);
}

TEST(PreviousRun, KeepsTheOptionsThatSayHowItBuilds) {
  const PreviousRun run = Read(R"({"which": "run", "select": ["a"], "full_refresh": true,
      "fail_fast": false, "threads": 4, "vars": {"x": 1}, "target": "prod",
      "profile": null, "sample": "2 days"})",
                               "[]", "[]");

  EXPECT_THAT(run.options,
              ElementsAre("--full-refresh", "--target", "prod", "--sample", "2 days",
                          "--threads", "4", "--vars", R"({"x":1})"));
}

TEST(PreviousRun, IsNothingWhereFilesAreMissingOrOfAnotherShape) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadPreviousRun(folder.path(), false).command, "");
  folder.Write("run_results.json", R"({"results": {}, "args": []})");
  folder.Write("aft/results.json", "[1, 2");

  const PreviousRun run = ReadPreviousRun(folder.path(), false);

  EXPECT_EQ(run.command, "");
  EXPECT_THAT(run.nodes, IsEmpty());
  EXPECT_THAT(run.failed, IsEmpty());
}

TEST(LeftScripts, AreThoseOfEphemeralModelsThatDidNotSucceed) {
  const auto script = [](const char* id) {
    Script made;
    made.id = id;
    return made;
  };
  PreviousRun previous;
  previous.knows_scripts = true;
  previous.failed = {"s2", "s3", "s4"};

  const std::vector<NodeScripts> left =
      LeftScripts({{"ephemeral", true, {script("s1"), script("s2"), script("s3")}},
                   {"done", true, {script("s5")}},
                   {"table", false, {script("s4")}}},
                  previous);

  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().node, "ephemeral");
  ASSERT_EQ(left.front().scripts.size(), 2U);
  EXPECT_EQ(left.front().scripts.front().id, "s2");
}

TEST(UnknownScripts, AreThoseAboveWhatIsRepeatedWhereNoResultsTellOfThem) {
  Graph graph;
  graph["model.shop.above"];
  graph["beside"];
  graph["table"].parents = {"model.shop.above"};
  const std::vector<NodeScripts> bound = {
      {"model.shop.above", true, {}}, {"beside", true, {}}, {"table", false, {}}};
  PreviousRun previous;
  previous.command = "build";
  EXPECT_EQ(UnknownScripts(bound, previous, graph), "");

  previous.nodes = {"table"};
  EXPECT_EQ(
      UnknownScripts(bound, previous, graph),
      "cannot tell whether the scripts of 'model.shop.above' have succeeded, for aft's "
      "results are not of the run that dbt repeats; run 'aft dbt build --select above+' "
      "instead");
  previous.knows_scripts = true;
  EXPECT_EQ(UnknownScripts(bound, previous, graph), "");
}

}  // namespace
}  // namespace aft
