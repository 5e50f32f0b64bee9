// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/selection/script_selection.h"
#include "tests/support/random_choices.h"
#include "tests/support/selection_model.h"
#include "tests/support/text_graph.h"

namespace aft {
namespace {

Words RandomTerms(RandomChoices& random, int least) {
  Words terms;
  for (int count = random.Number(least, 3); count > 0; --count) {
    std::string term = RandomCriterion(random);
    while (random.Chance(0.3)) term += "," + RandomCriterion(random);
    terms.push_back(std::move(term));
  }
  return terms;
}

/// What a selection comes to, by its definition.
struct Expected {
  Ids nodes;
  Ids scripts;

  Expected(const RandomShop& shop, const Words& select, const Words& exclude)
      : shop_(shop), joint_(shop, true), dbt_(shop, false) {
    Ids named;
    const Ids selected = Items(select, named);
    Ids ignored;
    const Ids excluded = Items(exclude, ignored);
    for (const std::string& id : selected)
      if (shop.graph.contains(id) && !excluded.contains(id)) nodes.insert(id);
    for (const GraphScript& script : shop.scripts)
      if (selected.contains(script.id) && !excluded.contains(script.id) &&
          (named.contains(script.id) || nodes.contains(script.node)))
        scripts.insert(script.id);
  }

 private:
  /// All that the terms match; `named` are those that terms about scripts match.
  Ids Items(const Words& terms, Ids& named) const {
    Ids items;
    for (const std::string& term : terms) {
      const Ids of_term = Model::Intersected(term, [this](const std::string& text) {
        if (IsAboutScripts(text, shop_)) return joint_.Criterion(text);
        Ids found = dbt_.Criterion(text);
        for (const GraphScript& script : shop_.scripts)
          if (found.contains(script.node)) found.insert(script.id);
        return found;
      });
      items.insert(of_term.begin(), of_term.end());
      if (IsAboutScripts(term, shop_)) named.insert(of_term.begin(), of_term.end());
    }
    return items;
  }

  const RandomShop& shop_;
  Model joint_;
  Model dbt_;
};

TEST(ScriptSelection, MeansWhatItsDefinitionSaysForAnySelection) {
  for (unsigned seed = 0; seed < 250 && !HasFailure(); ++seed) {
    RandomChoices random(seed);
    const RandomShop shop(random);
    const Words select = RandomTerms(random, 1);
    const Words exclude = RandomTerms(random, 0);
    SCOPED_TRACE(testing::PrintToString(select) + " without " +
                 testing::PrintToString(exclude));

    const Expected expected(shop, select, exclude);

    ExpectSelection(shop, select, exclude, expected.nodes, expected.scripts);
  }
}

TEST(ScriptSelection, FindsTheScriptsOfALargeProject) {
  Graph graph;
  std::vector<GraphScript> scripts;
  for (int at = 0; at < 2000; ++at) {
    const std::string id = Numbered('n', at);
    graph[id] = GraphFrom(id).at(id);
    for (const int above : {at / 2, at / 3, at - 1})
      if (above >= 0 && above < at) graph[id].parents.insert(Numbered('n', above));
    if (at % 4 == 0)
      for (GraphScript& script : ScriptsFrom(Text(id, " > ", id, ".py")))
        scripts.push_back(std::move(script));
  }

  const JointGraph joint(graph, scripts);
  const ScriptSelection selection(joint, {"n4.py+", "@n8.py", "2+n1996.py"}, {"n1000.py"},
                                  {[](const std::string&) { return true; }});
  const ResolvedSelection resolved = selection.Resolve({});

  EXPECT_EQ(resolved.scripts.size(), 499);
}

}  // namespace
}  // namespace aft
