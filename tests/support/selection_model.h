// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugin/selection/script_selection.h"
#include "tests/support/random_choices.h"
#include "tests/support/text_graph.h"

namespace aft {

using Ids = std::set<std::string>;
using Words = std::vector<std::string>;

inline std::string Numbered(char letter, int number) {
  return letter + std::to_string(number);
}

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

inline std::string RandomCriterion(RandomChoices& random) {
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

inline bool IsAboutScripts(const std::string& text, const RandomShop& shop) {
  return std::any_of(shop.scripts.begin(), shop.scripts.end(),
                     [&](const GraphScript& script) {
                       return text.find(script.path) != std::string::npos;
                     });
}

inline Ids UnionOf(const Words& terms, const Model& dbt) {
  Ids nodes;
  for (const std::string& term : terms) nodes.merge(dbt.Term(term));
  return nodes;
}

inline ScriptSelection::Answers AnswersTo(const std::vector<std::string>& questions,
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

/// Expects that `select` without `exclude` comes to these nodes and scripts.
inline void ExpectSelection(const RandomShop& shop, const Words& select,
                            const Words& exclude, const Ids& expected_nodes,
                            const Ids& expected_scripts) {
  const JointGraph joint(shop.graph, shop.scripts);
  const ScriptSelection selection(joint, select, exclude,
                                  {[](const std::string&) { return true; }});
  const Model dbt(shop, false);

  const ResolvedSelection resolved =
      selection.Resolve(AnswersTo(selection.Questions(), dbt));

  Ids nodes = UnionOf(resolved.select, dbt);
  for (const std::string& id : UnionOf(resolved.exclude, dbt)) nodes.erase(id);
  EXPECT_EQ(nodes, expected_nodes);
  Ids scripts;
  for (const GraphScript& script : shop.scripts) {
    const bool runs = resolved.scripts.contains(script.id) &&
                      (nodes.contains(script.node) || selection.SelectsScripts());
    if (runs) scripts.insert(script.id);
    EXPECT_EQ(resolved.alone.contains(script.id), runs && !nodes.contains(script.node));
  }
  EXPECT_EQ(scripts, expected_scripts);
  EXPECT_EQ(resolved.selects_nodes, !selection.SelectsScripts() || !nodes.empty());
}

}  // namespace aft
