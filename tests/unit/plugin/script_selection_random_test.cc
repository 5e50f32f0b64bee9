// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/selection/script_selection.h"
#include "tests/support/random_choices.h"
#include "tests/support/text_graph.h"

namespace aft {
namespace {

using Ids = std::set<std::string>;
using Words = std::vector<std::string>;

std::string Numbered(char letter, int number) { return letter + std::to_string(number); }

/// A project of a few nodes, each of which may have scripts.
struct RandomShop {
  explicit RandomShop(RandomChoices& random) {
    const int count = random.Number(1, 7);
    for (int at = 0; at < count; ++at) {
      const std::string id = Numbered('n', at);
      graph[id] = GraphFrom(id).at(id);
      for (int parent = 0; parent < at; ++parent)
        if (random.Chance(0.3)) graph[id].parents.insert(Numbered('n', parent));
      for (int script = 0; script < 3; ++script) {
        if (random.Chance(0.3)) Add(id + " > " + Numbered('s', script) + ".py");
        if (random.Chance(0.2)) Add(Numbered('s', script) + ".py > " + id);
      }
    }
  }

  void Add(const std::string& text) {
    for (GraphScript& script : ScriptsFrom(text)) scripts.push_back(std::move(script));
  }

  Graph graph;
  std::vector<GraphScript> scripts;
};

/// The selector language once more, in as few words as can be: dbt's regular expression,
/// and how far each item is from each other.
class Model {
 public:
  Model(const RandomShop& shop, bool with_scripts) : shop_(shop) {
    for (const auto& [id, node] : shop.graph)
      for (const std::string& parent : node.parents) distances_[{parent, id}] = 1;
    for (const auto& [id, node] : shop.graph) items_.insert(id);
    if (with_scripts) AddScripts();
    for (const std::string& by : items_)
      for (const std::string& from : items_)
        for (const std::string& to : items_) {
          const int around = Distance(from, by) + Distance(by, to);
          if (around < Distance(from, to)) distances_[{from, to}] = around;
        }
  }

  [[nodiscard]] Ids Criterion(const std::string& text) const {
    static const std::regex kPattern(
        R"((@)?((\d*)\+)?(?:(?:fqn:shop\.)?)(path:)?(.*?)(\+(\d*))?)");
    std::smatch match;
    EXPECT_TRUE(std::regex_match(text, match, kPattern)) << text;
    const Ids base = Base(match[5]);
    const int up = match[2].matched ? Depth(match[3]) : 0;
    const int down = match[6].matched ? Depth(match[7]) : 0;
    Ids found = base;
    Ids around = base;
    for (const std::string& item : items_)
      for (const std::string& from : base) {
        if (Distance(item, from) <= up || Distance(from, item) <= down)
          found.insert(item);
        if (Distance(from, item) < kFar) around.insert(item);
      }
    if (!match[1].matched) return found;
    for (const std::string& item : items_)
      for (const std::string& from : around)
        if (Distance(item, from) < kFar) found.insert(item);
    found.merge(around);
    return found;
  }

  [[nodiscard]] Ids Term(const std::string& text) const {
    return Intersected(text, [this](const std::string& part) { return Criterion(part); });
  }

  template <typename Of>
  static Ids Intersected(const std::string& text, const Of& of) {
    static const std::regex kComma(",");
    Ids all;
    bool is_first = true;
    for (std::sregex_token_iterator part(text.begin(), text.end(), kComma, -1), end;
         part != end; ++part) {
      Ids common;
      for (const std::string& id : of(part->str()))
        if (is_first || all.contains(id)) common.insert(id);
      all = std::move(common);
      is_first = false;
    }
    return all;
  }

 private:
  static constexpr int kFar = 1000;

  void AddScripts() {
    for (const GraphScript& script : shop_.scripts) {
      items_.insert(script.id);
      if (script.when == When::kBefore) {
        distances_[{script.id, script.node}] = 1;
        continue;
      }
      distances_[{script.node, script.id}] = 1;
      for (const auto& [id, node] : shop_.graph)
        if (node.parents.contains(script.node)) distances_[{script.id, id}] = 1;
    }
  }
  static int Depth(const std::string& digits) {
    return digits.empty() ? kFar - 1 : std::stoi(digits);
  }
  [[nodiscard]] int Distance(const std::string& from, const std::string& to) const {
    const auto found = distances_.find({from, to});
    return found == distances_.end() ? kFar : found->second;
  }
  [[nodiscard]] Ids Base(const std::string& value) const {
    Ids base;
    for (const std::string& item : items_)
      if (item == value || "models/" + item + ".sql" == value) base.insert(item);
    for (const GraphScript& script : shop_.scripts)
      if (script.path == value && items_.contains(script.id)) base.insert(script.id);
    return base;
  }

  const RandomShop& shop_;
  Ids items_;
  std::map<std::pair<std::string, std::string>, int> distances_;
};

std::string RandomCriterion(RandomChoices& random) {
  std::string text = random.Chance(0.5) ? Numbered('n', random.Number(0, 6))
                                        : Numbered('s', random.Number(0, 2)) + ".py";
  if (random.Chance(0.15)) return "@" + text;
  const auto depth = [&] {
    return random.Chance(0.5) ? std::to_string(random.Number(0, 3)) : "";
  };
  if (random.Chance(0.4)) text = depth() + "+" + text;
  if (random.Chance(0.4)) text += "+" + depth();
  return text;
}

Words RandomTerms(RandomChoices& random, int least) {
  Words terms;
  for (int count = random.Number(least, 3); count > 0; --count) {
    std::string term = RandomCriterion(random);
    while (random.Chance(0.3)) term += "," + RandomCriterion(random);
    terms.push_back(std::move(term));
  }
  return terms;
}

bool IsAboutScripts(const std::string& text, const RandomShop& shop) {
  return std::any_of(shop.scripts.begin(), shop.scripts.end(),
                     [&](const GraphScript& script) {
                       return text.find(script.path) != std::string::npos;
                     });
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

Ids UnionOf(const Words& terms, const Model& dbt) {
  Ids nodes;
  for (const std::string& term : terms) nodes.merge(dbt.Term(term));
  return nodes;
}

ScriptSelection::Answers AnswersTo(const std::vector<std::string>& questions,
                                   const Model& dbt) {
  static const std::regex kSpace(" ");
  ScriptSelection::Answers answers;
  for (const std::string& question : questions) {
    const Words terms(
        std::sregex_token_iterator(question.begin(), question.end(), kSpace, -1), {});
    answers[question] = UnionOf(terms, dbt);
  }
  return answers;
}

TEST(ScriptSelection, MeansWhatItsDefinitionSaysForAnySelection) {
  for (unsigned seed = 0; seed < 250; ++seed) {
    RandomChoices random(seed);
    const RandomShop shop(random);
    const Words select = RandomTerms(random, 1);
    const Words exclude = RandomTerms(random, 0);
    const JointGraph joint(shop.graph, shop.scripts);
    const ScriptSelection selection(joint, select, exclude,
                                    {[](const std::string&) { return true; }});
    const Model dbt(shop, false);

    const ResolvedSelection resolved =
        selection.Resolve(AnswersTo(selection.Questions(), dbt));

    const Expected expected(shop, select, exclude);
    Ids nodes = UnionOf(resolved.select, dbt);
    for (const std::string& id : UnionOf(resolved.exclude, dbt)) nodes.erase(id);
    const std::string typed =
        testing::PrintToString(select) + " without " + testing::PrintToString(exclude);
    ASSERT_EQ(nodes, expected.nodes) << seed << ": " << typed;
    Ids scripts;
    for (const GraphScript& script : shop.scripts) {
      const bool runs = resolved.scripts.contains(script.id) &&
                        (nodes.contains(script.node) || selection.SelectsScripts());
      if (runs) scripts.insert(script.id);
      ASSERT_EQ(resolved.alone.contains(script.id), runs && !nodes.contains(script.node));
    }
    ASSERT_EQ(scripts, expected.scripts) << seed << ": " << typed;
    const bool may_be_empty = selection.SelectsScripts();
    ASSERT_EQ(resolved.selects_nodes, !may_be_empty || !nodes.empty());
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
