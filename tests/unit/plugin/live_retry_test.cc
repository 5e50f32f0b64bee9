// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/live_retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/followed_run.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The ephemeral model `scored` between two tables, after a run in which its first script
/// succeeded and its second did not.
class LiveRetryTest : public testing::Test {
 protected:
  /// Leaves the results of that run, in which dbt has built `orders` and skipped `nodes`.
  void SetPrevious(const std::vector<std::string>& nodes,
                   const std::string& of_first = "") const {
    boost::json::array results = {{{"unique_id", "orders"}, {"status", "success"}}};
    for (const std::string& node : nodes)
      results.push_back({{"unique_id", node}, {"status", "skipped"}});
    shop_.Write("target/run_results.json", boost::json::serialize(boost::json::object{
                                               {"metadata", {{"invocation_id", "first"}}},
                                               {"args", {{"which", "run"}}},
                                               {"results", results}}));
    shop_.Write("target/aft/results.json",
                Text(R"({"metadata": {"invocation_id": "first"}, "results": [
                    {"unique_id": "script.scored.after.a1.py", "node": "scored",
                     "status": "success")",
                     of_first, R"(},
                    {"unique_id": "script.scored.after.a2.py", "node": "scored",
                     "status": "error"}]})"));
  }

  const Shop shop_{
      {MakeNode("orders", {}, {"a0.py"}),
       {"scored", true, {0}, {}, {"a1.py", "a2.py"}, "model", false, "{{ any() }}"},
       {"report", false, {1}, {}, {}}}};
};

TEST_F(LiveRetryTest, RunsWhatIsLeftOnceWhereDbtComesBackToTheModelItself) {
  SetPrevious({"scored", "report"});
  Gate gate(shop_, true, "retry");

  gate.Tell(1, "NodeCompiling", "scored");
  EXPECT_EQ(gate.Verdict(1), "");
  gate.scripts.End(1, true);
  EXPECT_EQ(gate.Verdict(1), "go");
  gate.Tell(1, "NodeFinished", "scored", "success");
  gate.Tell(1, "NodeCompiling", "report");
  EXPECT_EQ(gate.Verdict(1), "go");

  EXPECT_THAT(gate.scripts.started, ElementsAre("script.scored.after.a2.py"));
}

TEST_F(LiveRetryTest, RunsWhatIsLeftBeforeWhatIsBelow) {
  SetPrevious({"report"});
  Gate gate(shop_, false, "retry");

  gate.Tell(1, "NodeCompiling", "report");
  EXPECT_EQ(gate.Verdict(1), "");
  gate.scripts.End(1, true);

  EXPECT_EQ(gate.Verdict(1), "go");
  EXPECT_THAT(gate.scripts.started, ElementsAre("script.scored.after.a2.py"));
}

TEST_F(LiveRetryTest, SkipsWhatIsBelowRepeatedScriptsThatFail) {
  SetPrevious({"report"});
  Gate gate(shop_, false, "retry");

  gate.Tell(1, "NodeStart", "report");
  EXPECT_EQ(gate.Verdict(1), "");
  gate.scripts.End(1, false);

  EXPECT_EQ(gate.Verdict(1), "skip");
}

TEST_F(LiveRetryTest, RunsScriptsOfANodeWhenItHasBegun) {
  SetPrevious({"scored", "report"});
  Gate gate(shop_, false, "retry");

  gate.Tell(1, "NodeStart", "scored");

  EXPECT_EQ(gate.Verdict(1), "go");
  EXPECT_THAT(gate.scripts.started, IsEmpty());

  gate.Tell(1, "NodeCompiling", "scored");

  EXPECT_THAT(gate.scripts.started, ElementsAre("script.scored.after.a2.py"));
}

TEST_F(LiveRetryTest, RunsScriptsOfTheRunThatAreLeftWhenAllOthersHaveEnded) {
  SetPrevious({"orders"}, R"(}, {"unique_id": "script.run.after.a1.py", "node": "",
                     "status": "error")");
  ScriptBinding after;
  after.when = When::kAfter;
  after.path = "a1.py";
  Gate gate(shop_, false, "retry", "", {{after}, {}, false});
  gate.Tell(1, "NodeCompiling", "orders");
  gate.Tell(1, "LogModelResult", "orders", "success");
  gate.scripts.End(1, true);

  gate.Tell(0, "StatsLine", "");
  gate.LoseDbt();

  EXPECT_EQ(gate.scripts.started.back(), "script.scored.after.a2.py");
  gate.scripts.End(2, true);
  EXPECT_EQ(gate.scripts.started.back(), "script.run.after.a1.py");
  gate.scripts.End(3, true);
  EXPECT_TRUE(gate.IsIdle());
}

TEST_F(LiveRetryTest, BuildsNothingOnAnotherTableThanTheScriptsHaveWritten) {
  SetPrevious({"report"});
  Gate gate(shop_, false, "retry");
  gate.Tell(1, "NodeCompiling", "report");
  gate.scripts.End(1, true, true);
  EXPECT_EQ(gate.Verdict(1), "go");

  // dbt compiles the model with what is built on it.
  shop_.Write("target/compiled/shop/models/scored.sql", "select * from main.other");
  gate.Tell(1, "NodeExecuting", "report");

  EXPECT_EQ(gate.Verdict(1), "fail");
  gate.Finish();
  EXPECT_EQ(shop_.Results().at("script.scored.after.a2.py"), "error");
}

TEST_F(LiveRetryTest, DoesNotKnowWhatAModelReadsThatIsNotCompiled) {
  SetPrevious({});
  Gate gate(shop_, {{"which", "retry"}});
  gate.LoseDbt();
  gate.scripts.End(1, true, true);
  gate.Close();

  EXPECT_THAT(gate.Problems(),
              ElementsAre("cannot tell whether 'scored' selects from the table that its "
                          "scripts have written, because 'dbt retry' does not compile "
                          "it; run 'aft dbt run --select scored+'"));
}

TEST_F(LiveRetryTest, RunsScriptsAgainWhoseModelWasNotCompiledThen) {
  SetPrevious({"report"});
  {
    Gate gate(shop_, false, "retry");
    gate.Tell(1, "NodeCompiling", "report");
    gate.scripts.End(1, true, true);
    gate.Finish();
    EXPECT_EQ(shop_.Results().at("script.scored.after.a2.py"), "success");
  }
  shop_.Write("target/run_results.json",
              R"({"metadata": {"invocation_id": "this run"}, "args": {"which": "run"},
                  "results": [{"unique_id": "report", "status": "error"}]})");

  Gate gate(shop_, false, "retry");
  gate.Tell(1, "NodeCompiling", "report");
  gate.scripts.End(1, true);
  gate.scripts.End(2, true);

  EXPECT_THAT(gate.scripts.started,
              ElementsAre("script.scored.after.a1.py", "script.scored.after.a2.py"));
}

TEST_F(LiveRetryTest, JudgesWhatScriptsWroteThatItDoesNotRunAgain) {
  SetPrevious({"report"}, R"(, "wrote_model": true)");
  Gate gate(shop_, false, "retry");
  gate.Tell(1, "NodeCompiling", "report");
  gate.scripts.End(1, true);
  EXPECT_EQ(gate.Verdict(1), "go");

  shop_.Write("target/compiled/shop/models/scored.sql", "select * from main.other");
  gate.Tell(1, "NodeExecuting", "report");
  gate.Finish();

  EXPECT_EQ(gate.Verdict(1), "fail");
  EXPECT_THAT(shop_.Read("target/aft/results.json"),
              testing::Not(HasSubstr("succeeded_before")))
      << "a further retry runs them all";
}

TEST_F(LiveRetryTest, RunsWhatIsLeftAfterADbtThatHasNotSpokenOfItsManifest) {
  SetPrevious({});
  Gate gate(shop_, {{"which", "retry"}});

  gate.LoseDbt();
  EXPECT_FALSE(gate.IsIdle());
  gate.scripts.End(1, true);

  EXPECT_TRUE(gate.IsIdle());
  EXPECT_THAT(gate.Problems(), IsEmpty());
  EXPECT_THAT(gate.scripts.started, ElementsAre("script.scored.after.a2.py"));
}

TEST_F(LiveRetryTest, HasHostsReadNoManifestThatDbtMayWriteAgain) {
  SetPrevious({});
  Gate gate(shop_, {{"which", "retry"}});

  gate.TellManifest(shop_);
  EXPECT_THAT(gate.scripts.environments, IsEmpty());
  gate.LoseDbt();

  EXPECT_THAT(gate.scripts.environments, ElementsAre(kLocalEnvironment));
  EXPECT_THAT(gate.scripts.started, ElementsAre("script.scored.after.a2.py"));
}

TEST_F(LiveRetryTest, NamesTheScriptsOfTablesThatDbtHadNotComeTo) {
  const auto write_previous = [this](const char* nodes) {
    shop_.Write("target/run_results.json",
                Text(R"({"metadata": {"invocation_id": "first"},
                         "args": {"which": "run", "target": "prod"}, "results": )",
                     nodes, "}"));
    shop_.Write("target/aft/results.json",
                R"({"metadata": {"invocation_id": "first", "unreached": ["orders"]},
                    "results": [{"unique_id": "script.orders.before.a0.py",
                                 "node": "orders", "status": "skipped"}]})");
  };
  const std::string problem =
      "the scripts of 'orders' did not run: the run that dbt repeats ended before it "
      "came to this node, and 'dbt retry' leaves it out; run 'aft dbt run --select "
      "orders+ "
      "--target prod'";
  // dbt has something to repeat, or nothing.
  write_previous(R"([{"unique_id": "report", "status": "error"}])");
  for (int retries = 0; retries < 2; ++retries) {
    Gate gate(shop_, false, "retry");
    gate.LoseDbt();
    gate.Close();
    EXPECT_THAT(gate.Problems(), ElementsAre(problem));
    EXPECT_THAT(gate.scripts.started, IsEmpty());
    shop_.Write("target/run_results.json",
                R"({"metadata": {"invocation_id": "this run"},
                    "args": {"which": "run", "target": "prod"}, "results": []})");
  }

  write_previous("[]");
  for (int retries = 0; retries < 2; ++retries) {
    Gate gate(shop_, {{"which", "retry"}});
    gate.LoseDbt();
    gate.Close();
    EXPECT_THAT(gate.Problems(), ElementsAre(problem));
  }
}

TEST_F(LiveRetryTest, NamesModelsBelowItsScriptsThatDbtHadNotComeTo) {
  SetPrevious({});
  shop_.Write("target/aft/results.json",
              R"({"metadata": {"invocation_id": "first", "unreached": ["report"]},
                  "results": [
                      {"unique_id": "script.scored.after.a1.py", "node": "scored",
                       "status": "success"},
                      {"unique_id": "script.scored.after.a2.py", "node": "scored",
                       "status": "error"}]})");
  Gate gate(shop_, {{"which", "retry"}});

  gate.LoseDbt();
  gate.scripts.End(1, true);
  gate.Close();

  EXPECT_THAT(gate.Problems(),
              ElementsAre("'report' was not built on what scripts have written: the run "
                          "that dbt repeats ended before it came to this node, and 'dbt "
                          "retry' leaves it out; run 'aft dbt run --select report+'"));
}

TEST_F(LiveRetryTest, PrintsAsDbtItselfDoes) {
  const auto written = [this](const boost::json::object& flags) {
    SetPrevious({});
    Gate gate(shop_, flags);
    gate.LoseDbt();
    gate.scripts.End(1, true);
    gate.Close();
    return gate.written;
  };

  EXPECT_THAT(written({{"which", "retry"}}), HasSubstr("  START script a2.py"));
  EXPECT_EQ(written({{"which", "retry"}, {"quiet", true}}), "");
  std::istringstream lines(written({{"which", "retry"}, {"log_format", "json"}}));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    EXPECT_EQ(boost::json::parse(line).at("info").at("name"), "Note") << line;
  EXPECT_EQ(count, 3);
}

}  // namespace
}  // namespace aft
