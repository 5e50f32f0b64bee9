// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/script_selection.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

using Ids = std::set<std::string>;

Ids Intersection(const Ids& some, const Ids& others) {
  Ids common;
  for (const std::string& id : some)
    if (others.contains(id)) common.insert(id);
  return common;
}

/// "a,b"; what is empty is left out.
std::string Both(const std::string& some, const std::string& others) {
  return some + (some.empty() || others.empty() ? "" : ",") + others;
}

std::string Text(const SelectorTerm& term) {
  std::string text;
  for (const Criterion& criterion : term) text = Both(text, criterion.text);
  return text;
}

/// Nothing where it was not asked, because it does not matter.
Ids AnswerTo(const std::string& question, const ScriptSelection::Answers& answers) {
  const auto found = answers.find(question);
  return found == answers.end() ? Ids() : found->second;
}

}  // namespace

ScriptSelection::ScriptSelection(const JointGraph& graph,
                                 const std::vector<std::string>& select,
                                 const std::vector<std::string>& exclude, Meaning meaning)
    : graph_(graph),
      meaning_(std::move(meaning)),
      selectors_(graph, meaning_.runs_type("test")),
      select_(Read(select, meaning_.brings_scripts)),
      exclude_(Read(exclude, true)) {
  select_.chooses_scripts = select_.chooses_scripts || meaning_.needs_nodes;
}

ScriptSelection::Side ScriptSelection::Read(const std::vector<std::string>& values,
                                            bool brings) const {
  Side side;
  for (const SelectorTerm& typed : ParseSelector(values)) {
    Term term;
    for (const Criterion& criterion : typed) {
      if (ScriptsNamed(criterion.core, graph_).empty()) {
        term.of_dbt = Both(term.of_dbt, criterion.text);
        if (!brings) term.reaching.push_back(criterion);
        continue;
      }
      // As dbt says of its own.
      if (criterion.takes_parents_of_children && criterion.below > 0)
        throw Error(aft::Text("cannot select '", criterion.text,
                              "': '@' before and '+' after a name are incompatible"));
      term.about_scripts.push_back(criterion);
    }
    if (term.about_scripts.empty()) term.of_dbt = Text(typed);
    side.chooses_scripts = side.chooses_scripts || !term.is_of_dbt();
    side.terms.push_back(std::move(term));
  }
  return side;
}

/// The terms without scripts, as one value.
std::string ScriptSelection::DbtTermsOf(const Side& side) {
  std::string terms;
  for (const Term& term : side.terms)
    if (term.is_of_dbt() && !term.of_dbt.empty())
      terms += (terms.empty() ? "" : " ") + term.of_dbt;
  return terms;
}

void ScriptSelection::Ask(const Side& side, std::vector<std::string>& questions) {
  if (std::string terms = DbtTermsOf(side); !terms.empty())
    questions.push_back(std::move(terms));
  for (const Term& term : side.terms) {
    for (const Criterion& criterion : term.reaching) questions.push_back(criterion.core);
    if (!term.is_of_dbt() && term.reaching.empty() && !term.of_dbt.empty())
      questions.push_back(term.of_dbt);
  }
}

std::vector<std::string> ScriptSelection::Questions() const {
  std::vector<std::string> questions;
  // Otherwise all scripts of the nodes that dbt selects run, but for those excluded.
  if (select_.chooses_scripts) Ask(select_, questions);
  if (select_.chooses_scripts)
    Ask(exclude_, questions);
  else
    for (const Term& term : exclude_.terms)
      if (!term.about_scripts.empty() && !term.of_dbt.empty())
        questions.push_back(term.of_dbt);
  std::sort(questions.begin(), questions.end());
  questions.erase(std::unique(questions.begin(), questions.end()), questions.end());
  // Nothing matches an empty one.
  std::erase(questions, "");
  return questions;
}

Ids ScriptSelection::ScriptsOf(const Ids& nodes) const {
  Ids scripts;
  for (const GraphScript& script : graph_.scripts())
    if (nodes.contains(script.node)) scripts.insert(script.id);
  return scripts;
}

Ids ScriptSelection::ItemsOf(const Term& term, const Answers& answers) const {
  Ids items;
  bool is_first = true;
  const auto narrow = [&](Ids found) {
    items =
        std::exchange(is_first, false) ? std::move(found) : Intersection(items, found);
  };
  for (const Criterion& criterion : term.about_scripts)
    narrow(Reach(criterion, ScriptsNamed(criterion.core, graph_), graph_));
  for (const Criterion& criterion : term.reaching)
    narrow(Reach(criterion, AnswerTo(criterion.core, answers), graph_));
  if (term.of_dbt.empty() || !term.reaching.empty()) return items;
  Ids nodes = AnswerTo(term.of_dbt, answers);
  nodes.merge(ScriptsOf(nodes));
  narrow(std::move(nodes));
  return items;
}

ScriptSelection::Items ScriptSelection::ItemsOf(const Side& side,
                                                const Answers& answers) const {
  Items items;
  for (const Term& term : side.terms)
    if (!term.is_of_dbt()) items.named.merge(ItemsOf(term, answers));
  items.of_dbt = AnswerTo(DbtTermsOf(side), answers);
  items.brought = ScriptsOf(items.of_dbt);
  return items;
}

std::vector<std::string> ScriptSelection::ForDbt(const Side& side) const {
  std::vector<std::string> terms;
  for (const Term& term : side.terms) {
    std::vector<std::string> products = {term.of_dbt};
    for (const Criterion& criterion : term.about_scripts) {
      std::vector<std::string> longer;
      for (const std::string& nodes :
           selectors_.For(criterion, ScriptsNamed(criterion.core, graph_)))
        for (const std::string& product : products)
          longer.push_back(Both(nodes, product));
      products = std::move(longer);
    }
    terms.insert(terms.end(), products.begin(), products.end());
  }
  return terms;
}

/// The nodes of `selected` without those of `excluded`, as far as the command works on
/// them.
Ids ScriptSelection::NodesIn(const Items& selected, const Items& excluded) const {
  Ids nodes;
  for (const Ids* ids : {&selected.named, &selected.of_dbt})
    for (const std::string& id : *ids) {
      const auto node = graph_.nodes().find(id);
      if (node == graph_.nodes().end() || excluded.named.contains(id) ||
          excluded.of_dbt.contains(id))
        continue;
      if (meaning_.runs_type(node->second.type) && selectors_.Counts(node->second.type))
        nodes.insert(id);
    }
  return nodes;
}

ResolvedSelection ScriptSelection::Resolve(const Answers& answers) const {
  ResolvedSelection resolved{ForDbt(select_), ForDbt(exclude_), true, {}, {}, {}, {}};
  const Items selected = ItemsOf(select_, answers);
  const Items excluded = ItemsOf(exclude_, answers);
  resolved.nodes = NodesIn(selected, excluded);
  const Ids& nodes = resolved.nodes;
  if (select_.chooses_scripts) resolved.selects_nodes = !nodes.empty();
  Ids& typed = resolved.typed;
  for (const Term& term : select_.terms)
    for (const Criterion& criterion : term.about_scripts)
      typed.merge(ScriptsNamed(criterion.core, graph_));
  for (const GraphScript& script : graph_.scripts()) {
    const std::string& id = script.id;
    if (excluded.named.contains(id) || excluded.brought.contains(id)) continue;
    if (!select_.chooses_scripts) {
      resolved.scripts.insert(id);
      continue;
    }
    const bool has_node = nodes.contains(script.node);
    const bool is_brought =
        (script.is_model || selected.brought.contains(id)) && has_node;
    // What dbt's command does not work on has no part in it unless it is typed.
    const bool is_named =
        selected.named.contains(id) &&
        (typed.contains(id) || meaning_.runs_type(graph_.nodes().at(script.node).type));
    if (!is_brought && !is_named) continue;
    resolved.scripts.insert(id);
    if (!has_node) resolved.alone.insert(id);
  }
  return resolved;
}

}  // namespace aft
