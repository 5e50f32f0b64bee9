// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/script_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "host_shim/error.h"
#include "tests/support/text_graph.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

bool IsModel(const std::string& type) { return type == "model"; }

/// load.py → customers → score.py, note.py → report; orders is above, apart beside them.
const JointGraph& Shop() {
  static const JointGraph kShop(
      GraphFrom("orders; customers <- orders; report <- customers; apart"),
      ScriptsFrom("load.py > customers; customers > score.py; customers > note.py; "
                  "apart > apart.py"));
  return kShop;
}

ScriptSelection Selection(const Words& select, const Words& exclude = {}) {
  return {Shop(), select, exclude, {IsModel}};
}

ResolvedSelection Resolved(const Words& select, const Words& exclude = {},
                           const ScriptSelection::Answers& answers = {}) {
  return Selection(select, exclude).Resolve(answers);
}

TEST(ScriptSelection, LeavesWhatNamesNoScriptToDbt) {
  const ScriptSelection selection =
      Selection({"+customers", "tag:x,gone.py"}, {"path:a"});

  EXPECT_FALSE(selection.ChoosesScripts());
  EXPECT_THAT(selection.Questions(), IsEmpty());
}

TEST(ScriptSelection, TakesAPythonModelWithItsNodeWithoutOperatorsToReachIt) {
  const JointGraph graph(GraphFrom("a; b <- a"),
                         {{"a>a.py", "a", When::kAfter, "a.py", true},
                          {"a>after.py", "a", When::kAfter, "after.py", false}});
  const ScriptSelection selection(graph, {"+a"}, {}, {IsModel, false});

  const ResolvedSelection resolved = selection.Resolve({{"a", {"a"}}});

  EXPECT_THAT(resolved.scripts, ElementsAre("a>a.py"));
}

TEST(ScriptSelection, TakesAnExcludedScriptAwayAndLeavesItsNode) {
  const ResolvedSelection resolved = Resolved({"customers"}, {"score.py"});

  EXPECT_THAT(resolved.select, ElementsAre("customers"));
  EXPECT_THAT(resolved.exclude, IsEmpty());
  EXPECT_TRUE(resolved.selects_nodes);
  EXPECT_THAT(resolved.scripts,
              ElementsAre("apart>apart.py", "customers>note.py", "load.py>customers"));
  EXPECT_THAT(resolved.alone, IsEmpty());
}

TEST(ScriptSelection, ExcludesWhatIsBelowAScript) {
  const ResolvedSelection resolved = Resolved({}, {"score.py+", "tag:x"});

  EXPECT_THAT(resolved.exclude, ElementsAre("fqn:shop.report+", "tag:x"));
  EXPECT_FALSE(resolved.scripts.contains("customers>score.py"));
  EXPECT_TRUE(resolved.scripts.contains("customers>note.py"));
}

TEST(ScriptSelection, TakesAScriptAlone) {
  const ResolvedSelection resolved = Resolved({"score.py"});

  EXPECT_FALSE(resolved.selects_nodes);
  EXPECT_THAT(resolved.scripts, ElementsAre("customers>score.py"));
  EXPECT_THAT(resolved.alone, ElementsAre("customers>score.py"));
}

TEST(ScriptSelection, TakesWhatIsBelowABeforeScript) {
  const ResolvedSelection resolved = Resolved({"load.py+"});

  EXPECT_THAT(resolved.select, ElementsAre("fqn:shop.customers+"));
  EXPECT_THAT(resolved.scripts, ElementsAre("customers>note.py", "customers>score.py",
                                            "load.py>customers"));
  EXPECT_THAT(resolved.alone, IsEmpty());
}

TEST(ScriptSelection, TakesNoOtherScriptOfANodeThatItReachesThroughAScript) {
  const ResolvedSelection resolved = Resolved({"+score.py"});

  EXPECT_THAT(resolved.select, ElementsAre("+fqn:shop.customers"));
  EXPECT_THAT(resolved.scripts, ElementsAre("customers>score.py", "load.py>customers"));
}

TEST(ScriptSelection, LetsANodeOfDbtsOwnCriteriaBringItsScripts) {
  const ScriptSelection selection = Selection({"score.py", "orders", "tag:x,apart"});
  ASSERT_THAT(selection.Questions(), ElementsAre("orders tag:x,apart"));

  const ResolvedSelection resolved =
      selection.Resolve({{"orders tag:x,apart", {"orders", "apart"}}});

  EXPECT_THAT(resolved.select, ElementsAre("orders", "tag:x,apart"));
  EXPECT_THAT(resolved.scripts, ElementsAre("apart>apart.py", "customers>score.py"));
  EXPECT_THAT(resolved.alone, ElementsAre("customers>score.py"));
}

TEST(ScriptSelection, TellsWhichNodesAreSelectedWhereThatMatters) {
  const ScriptSelection selection(Shop(), {"tag:x"}, {"score.py", "apart"},
                                  {IsModel, true, true});
  ASSERT_THAT(selection.Questions(), ElementsAre("apart", "tag:x"));

  const ResolvedSelection resolved =
      selection.Resolve({{"tag:x", {"customers", "apart"}}, {"apart", {"apart"}}});

  EXPECT_THAT(resolved.nodes, ElementsAre("customers"));
  EXPECT_THAT(resolved.scripts, ElementsAre("customers>note.py", "load.py>customers"));
  EXPECT_THAT(resolved.typed, IsEmpty());
}

TEST(ScriptSelection, IntersectsScriptsWithDbtsOwnCriteria) {
  const ScriptSelection selection = Selection({"+score.py+,tag:x"}, {"apart"});
  ASSERT_THAT(selection.Questions(), ElementsAre("apart", "tag:x"));

  const ResolvedSelection resolved =
      selection.Resolve({{"tag:x", {"customers", "apart"}}, {"apart", {"apart"}}});

  EXPECT_THAT(resolved.select,
              ElementsAre("+fqn:shop.customers,tag:x", "fqn:shop.report+,tag:x"));
  EXPECT_THAT(resolved.exclude, ElementsAre("apart"));
  EXPECT_TRUE(resolved.selects_nodes);
  EXPECT_THAT(resolved.scripts, ElementsAre("customers>score.py", "load.py>customers"));
}

TEST(ScriptSelection, ExcludesANodeWithItsScripts) {
  const ResolvedSelection resolved =
      Resolved({"+score.py"}, {"customers"}, {{"customers", {"customers"}}});

  EXPECT_THAT(resolved.scripts, IsEmpty());
  EXPECT_TRUE(resolved.selects_nodes);
}

TEST(ScriptSelection, ReachesScriptsByOperatorsAloneWhereNodesDoNotBringThem) {
  const auto resolved = [](const Words& select) {
    const ScriptSelection selection(Shop(), select, {}, {IsModel, false});
    EXPECT_TRUE(selection.ChoosesScripts());
    EXPECT_THAT(selection.Questions(), ElementsAre("customers"));
    return selection.Resolve({{"customers", {"customers"}}});
  };

  EXPECT_THAT(resolved({"customers"}).scripts, IsEmpty());
  EXPECT_THAT(resolved({"+customers"}).scripts, ElementsAre("load.py>customers"));
  EXPECT_THAT(resolved({"+customers"}).select, ElementsAre("+customers"));
  EXPECT_THAT(resolved({"customers+1"}).scripts,
              ElementsAre("customers>note.py", "customers>score.py"));
  EXPECT_THAT(resolved({"customers", "score.py"}).scripts,
              ElementsAre("customers>score.py"));
  EXPECT_TRUE(resolved({"customers", "score.py"}).alone.empty());
}

TEST(ScriptSelection, LeavesOutScriptsOfNodesThatTheCommandDoesNotWorkOn) {
  Graph graph = GraphFrom("raw; orders <- raw");
  graph.at("raw").type = "seed";
  const JointGraph joint(graph, ScriptsFrom("raw > check.py; orders > score.py"));
  const auto resolved = [&](const Words& select) {
    return ScriptSelection(joint, select, {}, {IsModel}).Resolve({});
  };

  EXPECT_THAT(resolved({"+score.py"}).scripts, ElementsAre("orders>score.py"));
  EXPECT_THAT(resolved({"check.py"}).alone, ElementsAre("raw>check.py"));
}

TEST(ScriptSelection, RefusesOperatorsThatContradict) {
  try {
    Selection({"@score.py+"});
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "cannot select '@score.py+': '@' before and '+' after a name are "
                 "incompatible");
  }
}

TEST(ScriptSelection, NamesNodesByTheirFilesWhereTheirNamesArePrefixes) {
  Graph graph = GraphFrom("a; b <- a");
  graph["below_b"].type = "model";
  graph["below_b"].selector = "fqn:shop.b.c,path:models/b/c.sql";
  const JointGraph joint(graph, ScriptsFrom("a > score.py"));

  EXPECT_THAT(ScriptSelection(joint, {"score.py+"}, {}, {IsModel}).Resolve({}).select,
              ElementsAre("fqn:shop.b,path:models/b.sql"));
}

TEST(ScriptSelection, NamesNodesByTheirFilesWhereAnotherFolderIsNamedAsTheProject) {
  Graph graph = GraphFrom("a; orders <- a; lines");
  graph.at("lines").selector = "fqn:shop.shop.orders.lines,path:models/shop/lines.sql";
  const auto selected = [&] {
    const JointGraph joint(graph, ScriptsFrom("a > score.py"));
    return ScriptSelection(joint, {"score.py+"}, {}, {IsModel}).Resolve({}).select;
  };

  EXPECT_THAT(selected(), ElementsAre("fqn:shop.orders,path:models/orders.sql"));

  graph.at("lines").selector = "fqn:shop.shop.orders.a?b,path:models/shop/a?b.sql";
  EXPECT_THAT(selected(), ElementsAre("fqn:shop.orders,path:models/orders.sql"));

  graph.at("lines").selector = "fqn:shop.some.shop.orders,path:models/some/s.sql";
  graph.at("lines").name = "shop.orders";
  EXPECT_THAT(selected(), ElementsAre("fqn:shop.orders,path:models/orders.sql"));
}

}  // namespace
}  // namespace aft
