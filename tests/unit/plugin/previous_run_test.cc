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
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
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
                               R"([{"unique_id": "s1", "node": "a", "status": "success"},
                                   {"unique_id": "s2", "node": "g", "status": "error"},
                                   {"unique_id": "s3", "node": "g", "status": "running"}])");

  EXPECT_EQ(run.command, "build");
  EXPECT_EQ(run.invocation_id, "first");
  EXPECT_THAT(run.nodes, UnorderedElementsAre("b", "c", "d", "f"));
  EXPECT_THAT(run.planned, ElementsAre("a", "g"));
  EXPECT_THAT(run.succeeded, ElementsAre(Pair("s1", "a")));
  EXPECT_TRUE(run.knows_scripts);
}

TEST(PreviousRun, LeavesWhatHasWarnedWhereThatIsAnError) {
  const PreviousRun run = Read(R"({"which": "build"})",
                               R"([{"unique_id": "a", "status": "success"},
                                   {"unique_id": "b", "status": "warn"}])",
                               "[]", "first", true);

  EXPECT_THAT(run.nodes, ElementsAre("b"));
}

TEST(PreviousRun, KnowsRunLevelScripts) {
  const char* scripts = R"([{"unique_id": "s", "node": "", "status": "success"},
                            {"unique_id": "t", "node": "", "status": "error",
                             "path": "t.py"}])";

  const PreviousRun run = Read(R"({"which": "run"})", "[]", scripts);

  EXPECT_TRUE(run.has_run_level);
  EXPECT_THAT(run.succeeded, ElementsAre(Pair("s", "")));
  EXPECT_THAT(run.left, IsEmpty());
  EXPECT_THAT(run.left_run_level, ElementsAre("t.py"));
  EXPECT_FALSE(Read(R"({"which": "run"})", "[]", scripts, "second").has_run_level);
}

TEST(PreviousRun, TakesNoScriptsOfAnotherRun) {
  const PreviousRun run = Read(R"({"which": "run"})", "[]",
                               R"([{"unique_id": "s", "node": "model.shop.a",
                                    "status": "error"}])",
                               "second");

  EXPECT_THAT(run.planned, IsEmpty());
  EXPECT_FALSE(run.knows_scripts);
  EXPECT_THAT(run.left, ElementsAre("model.shop.a"));
}

TEST(PreviousRun, KnowsHowBothRunsWereCalled) {
  const TemporaryFolder folder;
  folder.Write("run_results.json",
               R"({"metadata": {"invocation_id": "first"}, "results": [],
      "args": {"which": "run", "target": "dev", "defer": false, "vars": {"a": 1}}})");
  folder.Write("aft/results.json", R"({"results": [], "metadata": {"command": "seed",
      "invocation_id": "second", "args": {"target": "prod", "project_dir": "/shop"}}})");

  const PreviousRun run = ReadPreviousRun(folder.path(), false);

  EXPECT_THAT(run.options,
              ElementsAre("--no-defer", "--target", "dev", "--vars", R"({"a":1})"));
  EXPECT_EQ(CommandFor({"model.shop.a"}, run.call),
            R"('aft dbt run --select a+ --target dev --vars '{"a":1}'')");
  EXPECT_EQ(CommandFor({"seed.shop.b"}, run.call_of_left),
            "'aft dbt seed --select b+ --target prod --project-dir /shop'");
}

TEST(PreviousRun, DoesNotTakeTwoRunsWithoutAnIdForOne) {
  const TemporaryFolder folder;
  folder.Write("run_results.json", R"({"args": {"which": "run"}, "results": []})");
  folder.Write("aft/results.json",
               R"({"results": [{"node": "a", "status": "success"}]})");

  EXPECT_FALSE(ReadPreviousRun(folder.path(), false).knows_scripts);
}

TEST(PreviousRun, CannotBeRepeatedWhereNothingSaysHowItWasCalled) {
  const PreviousRun run = Read("{}", R"([{"unique_id": "a", "status": "error"}])", "[]");

  EXPECT_THAT(run.problem, HasSubstr("does not say how the run was called"));
}

TEST(PreviousRun, IsNothingWhereFilesAreMissingOrOfAnotherShape) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadPreviousRun(folder.path(), false).command, "");
  folder.Write("run_results.json", R"({"results": {}, "args": []})");
  folder.Write("aft/results.json", "[1, 2");

  const PreviousRun run = ReadPreviousRun(folder.path(), false);

  EXPECT_EQ(run.command, "");
  EXPECT_THAT(run.nodes, IsEmpty());
  EXPECT_THAT(run.planned, IsEmpty());
}

Script MakeScript(const char* id) {
  Script script;
  script.id = id;
  return script;
}

TEST(LeftScripts, AreThoseOfEphemeralModelsThatHaveNotSucceeded) {
  PreviousRun previous;
  previous.planned = {"ephemeral", "done", "table"};
  previous.succeeded = {{"s1", "ephemeral"}, {"s5", "done"}, {"s4", "table"}};

  // Of another name then, or not bound yet: s2 and s3.
  const std::vector<NodeScripts> left = LeftScripts(
      {{"ephemeral", true, {MakeScript("s3"), MakeScript("s1"), MakeScript("s2")}},
       {"done", true, {MakeScript("s5")}},
       {"table", false, {MakeScript("s6")}},
       {"of no part", true, {MakeScript("s7")}}},
      previous);

  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().node, "ephemeral");
  ASSERT_EQ(left.front().scripts.size(), 2U);
  EXPECT_EQ(left.front().scripts.front().id, "s3");
  EXPECT_EQ(left.front().scripts.back().id, "s2");
}

TEST(LeftScripts, ArePostHooksBehindAFailedPreHookToo) {
  std::vector<Script> scripts = {MakeScript("pre"), MakeScript("post"),
                                 MakeScript("after")};
  scripts[0].when = When::kPreHook;
  scripts[1].when = When::kPostHook;
  const std::vector<NodeScripts> bound = {{"a", true, scripts}};
  PreviousRun previous;
  previous.planned = {"a"};
  previous.succeeded = {{"post", "a"}};

  EXPECT_EQ(LeftScripts(bound, previous).at(0).scripts.size(), 3U);
  EXPECT_THAT(KeptSuccesses(bound, previous), IsEmpty());
  previous.succeeded = {{"pre", "a"}, {"post", "a"}};
  EXPECT_EQ(LeftScripts(bound, previous).at(0).scripts.size(), 1U);
  EXPECT_EQ(KeptSuccesses(bound, previous).size(), 2U);
}

TEST(LeftScripts, ArePostHooksBehindAFailedPythonModelToo) {
  std::vector<Script> scripts = {MakeScript("model"), MakeScript("post")};
  scripts[0].is_model = true;
  scripts[1].when = When::kPostHook;
  PreviousRun previous;
  previous.planned = {"a"};
  previous.succeeded = {{"post", "a"}};

  EXPECT_EQ(LeftScripts({{"a", true, scripts}}, previous).at(0).scripts.size(), 2U);
}

TEST(ForeignScripts, AreNamedWhereTheyAreBoundAndNotRunAgain) {
  PreviousRun previous;
  previous.left = {"model.shop.a", "model.shop.again", "model.shop.gone"};
  previous.nodes = {"model.shop.again"};
  const std::vector<NodeScripts> bound = {{"model.shop.a", false, {}},
                                          {"model.shop.again", false, {}},
                                          {"model.shop.other", true, {}}};

  EXPECT_EQ(
      ProblemOfForeign(bound, previous),
      "the scripts of 'a' failed or did not run, and are not repeated, because that "
      "was in another run than the one that 'dbt retry' repeats; run 'aft dbt build "
      "--select a+'");
  previous.call_of_left = {"run", {"--target", "prod"}};
  EXPECT_THAT(ProblemOfForeign(bound, previous),
              HasSubstr("run 'aft dbt run --select a+ --target prod'"));
  EXPECT_EQ(ProblemOfForeign({}, previous), "");

  previous.left_run_level = {"scripts/load.py"};
  EXPECT_THAT(
      ProblemOfForeign({}, previous),
      HasSubstr("the run-level script 'scripts/load.py' failed or did not run, and "
                "is not repeated"));
}

TEST(EmptyResults, LeaveScriptsThatNoRetryOfDbtComesTo) {
  PreviousRun previous;
  previous.call.command = "run";
  previous.left = {"model.shop.a"};
  EXPECT_EQ(ProblemOfEmptyResults(previous), "");

  previous.knows_scripts = true;
  EXPECT_EQ(ProblemOfEmptyResults(previous),
            "'dbt retry' repeats no run of which dbt itself has no results; run 'aft "
            "dbt run --select a+' for the scripts that failed or did not run");
  previous.nodes = {"model.shop.b"};
  EXPECT_EQ(ProblemOfEmptyResults(previous), "");
}

TEST(KeptSuccesses, AreThoseThatNoRetryRepeats) {
  PreviousRun previous;
  previous.succeeded = {{"s1", "ephemeral"}, {"s2", "table"}};

  EXPECT_THAT(KeptSuccesses({{"ephemeral", true, {}}, {"table", false, {}}}, previous),
              ElementsAre(Pair("s1", "ephemeral")));
}

TEST(UnknownScripts, AreThoseAboveWhatIsRepeatedWhereNoResultsTellOfThem) {
  Graph graph;
  graph["model.shop.above"];
  graph["beside"];
  graph["table"].parents = {"model.shop.above"};
  const std::vector<NodeScripts> bound = {
      {"model.shop.above", true, {}}, {"beside", true, {}}, {"table", false, {}}};
  PreviousRun previous;
  previous.call = {"build", {"--target", "prod", "--vars", "{token: x}"}};
  EXPECT_EQ(ProblemOfRepeating(bound, previous, graph), "");

  previous.nodes = {"table"};
  EXPECT_EQ(
      ProblemOfRepeating(bound, previous, graph),
      "cannot tell whether the scripts of 'above' succeeded: aft's results are not of "
      "the "
      "run that dbt repeats; run 'aft dbt build --select above+ --target prod --vars …' "
      "instead");
  previous.knows_scripts = true;
  EXPECT_EQ(ProblemOfRepeating(bound, previous, graph), "");
}

TEST(UnknownScripts, AreThoseBelowWhatDbtHadNotComeTo) {
  Graph graph;
  graph["model.shop.table"];
  graph["model.shop.below"].parents = {"model.shop.table"};
  const std::vector<NodeScripts> bound = {{"model.shop.below", true, {MakeScript("s1")}}};
  PreviousRun previous;
  previous.call.command = "run";
  previous.knows_scripts = true;
  previous.unreached = {"model.shop.table"};
  EXPECT_EQ(ProblemOfRepeating(bound, previous, graph), "");

  previous.planned = {"model.shop.below"};
  EXPECT_EQ(
      ProblemOfRepeating(bound, previous, graph),
      "cannot repeat the scripts of 'below': the run ended before dbt came to 'table', "
      "which they need, and 'dbt retry' does not build it; run 'aft dbt run --select "
      "table+' instead");
}

}  // namespace
}  // namespace aft
