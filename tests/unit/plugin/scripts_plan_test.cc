// SPDX-License-Identifier: Apache-2.0
#include "plugin/run/scripts_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "tests/support/text_graph.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
namespace json = boost::json;

Script Bound(const std::string& node, When when) {
  Script script;
  script.name = Text(node, "_", Name(when), ".py");
  script.id = script.name;
  script.node = node;
  script.when = when;
  return script;
}

/// customers and orders, each with a script and a hook before and after it.
std::vector<NodeScripts> Shop() {
  std::vector<NodeScripts> bound;
  for (const char* node : {"customers", "orders"}) {
    bound.push_back({node, false, {}});
    for (const When when : {When::kBefore, When::kPreHook, When::kPostHook, When::kAfter})
      bound.back().scripts.push_back(Bound(node, when));
  }
  return bound;
}

ProjectConfig InFolder() {
  ProjectConfig project;
  project.scripts_path = "scripts";
  return project;
}

std::set<std::string> Planned(const ScriptsRequest& request,
                              const SelectedScripts& selected) {
  return ScriptsToRun(Shop(), request, selected, InFolder());
}

TEST(ScriptsPlan, RunsPostHooksAndAfterScriptsOfTheNodes) {
  EXPECT_THAT(Planned({}, ScriptsOf({"orders"}, Shop())),
              UnorderedElementsAre("orders_post-hook.py", "orders_after.py"));
}

TEST(ScriptsPlan, RunsBeforeScriptsAndPreHooksInTheirPlace) {
  EXPECT_THAT(Planned({true, false, {}}, ScriptsOf({"orders", "gone"}, Shop())),
              UnorderedElementsAre("orders_pre-hook.py", "orders_before.py"));
}

TEST(ScriptsPlan, RunsNothingButTheScriptsThatAreNamed) {
  const SelectedScripts selected = ScriptsOf({"customers", "orders"}, Shop());

  for (const char* name : {"orders_after.py", "scripts/orders_after.py"})
    EXPECT_THAT(Planned({false, false, {name}}, selected),
                ElementsAre("orders_after.py"));
  EXPECT_THAT(Planned({false, false, {"orders_before.py", "post-hook.py"}}, selected),
              IsEmpty());
  EXPECT_THAT(
      UnboundNames(Shop(), {false, false, {"orders_before.py", "after.py"}}, InFolder()),
      ElementsAre("after.py"));
}

TEST(ScriptsPlan, LeavesPythonModelsToDbtUnlessTheyAreNamed) {
  Script model;
  model.id = model.name = "fal_models/a.py";
  model.node = "a";
  model.is_model = true;
  const std::vector<NodeScripts> bound = {{"a", true, {model}}};
  const auto planned = [&](const ScriptsRequest& request,
                           const SelectedScripts& selected) {
    return ScriptsToRun(bound, request, selected, InFolder());
  };
  const SelectedScripts all = ScriptsOf({"a"}, bound);

  EXPECT_THAT(planned({}, all), IsEmpty());
  EXPECT_THAT(planned({false, false, {"a.py"}}, all), ElementsAre(model.id));
  EXPECT_THAT(planned({}, {{}, {model.id}, {model.id}}), ElementsAre(model.id));
}

TEST(ScriptsPlan, RunsAScriptThatTheSelectionNamesWheneverItIsDue) {
  const SelectedScripts selected = {
      {}, {"orders_before.py", "customers_before.py"}, {"orders_before.py"}};

  EXPECT_THAT(Planned({}, selected), ElementsAre("orders_before.py"));
}

/// Results as dbt and aft write them, of runs with these ids.
json::value Results(const std::string& run, const char* key, const std::string& entries) {
  json::array results;
  std::istringstream words(entries);
  for (std::string node, status; words >> node >> status;)
    results.push_back({{key, node}, {"status", status}});
  return {{"metadata", {{"invocation_id", run}}}, {"results", results}};
}

TEST(ScriptsPlan, KnowsWhatTheLastRunCameTo) {
  const Graph graph = GraphFrom("a; b; c; (e); (f); (g); test_d <- d; d");
  const json::value of_dbt =
      Results("1", "unique_id", "a success b error c skipped test_d fail");
  const std::string of_scripts = "e error f skipped c success";

  EXPECT_THAT(NodesOfLastRun(of_dbt, Results("1", "node", of_scripts), graph),
              ElementsAre("a", "b", "d", "e", "test_d"));
  EXPECT_THAT(NodesOfLastRun(of_dbt, Results("2", "node", of_scripts), graph),
              ElementsAre("a", "b", "d", "test_d"));
  EXPECT_THAT(NodesOfLastRun(nullptr, nullptr, graph), IsEmpty());
}

}  // namespace
}  // namespace aft
