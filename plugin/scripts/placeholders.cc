// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/placeholders.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "plugin/base/atomic_file.h"

namespace aft {

void Placeholders::Add(const Manifest& manifest, const std::vector<NodeScripts>& bound) {
  std::map<std::string, std::size_t> counts;
  for (const NodeScripts& of_node : bound)
    for (const Script& script : of_node.scripts)
      if (!IsHook(script.when)) ++counts[of_node.node];
  for (const Placeholder& placeholder : manifest.placeholders) {
    const auto found = counts.find(placeholder.node);
    if (found == counts.end()) continue;
    State state{placeholder, found->second, {}, false, false, false, ""};
    state.old_sql = WrittenAt(target_folder_ / placeholder.compiled_file);
    states_.emplace(placeholder.node, std::move(state));
  }
  if (states_.empty()) return;
  const ::aft::Children below = ChildrenOf(manifest.graph);
  for (const auto& [id, state] : states_) AddBelow(id, manifest.graph, below);
}

void Placeholders::AddBelow(const std::string& id, const Graph& graph,
                            const ::aft::Children& below) {
  std::vector<std::string> open = {id};
  while (!open.empty()) {
    const auto found = below.find(open.back());
    open.pop_back();
    if (found == below.end()) continue;
    for (const std::string& child : found->second) {
      const GraphNode& node = graph.at(child);
      // A unit test has rows of its own in place of tables.
      if (node.type == "unit_test" || !children_[child].insert(id).second) continue;
      states_.at(id).has_children = true;
      if (node.is_ephemeral()) open.push_back(child);
    }
  }
}

std::vector<std::string> Placeholders::Children() const {
  std::vector<std::string> ids;
  ids.reserve(children_.size());
  for (const auto& [id, parents] : children_) ids.push_back(id);
  return ids;
}

bool Placeholders::KnowsSqlOf(const std::string& node) const {
  const auto found = states_.find(node);
  return found == states_.end() || SqlOf(found->second).has_value();
}

std::optional<std::string> Placeholders::SqlOf(const State& state) const {
  const std::filesystem::path path = target_folder_ / state.placeholder.compiled_file;
  // That of an earlier run may be for another target.
  if (WrittenAt(path) == state.old_sql) return state.placeholder.sql;
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string Placeholders::Problem(const std::string& node, const Warn& warn) {
  const auto found = states_.find(node);
  if (found == states_.end()) return "";
  Judge(found->second, warn);
  found->second.is_told |= !found->second.problem.empty();
  return found->second.problem;
}

std::string Placeholders::ProblemAbove(const std::string& child, const Warn& warn) {
  const auto found = children_.find(child);
  if (found == children_.end()) return "";
  for (const std::string& parent : found->second)
    if (std::string problem = Problem(parent, warn); !problem.empty()) return problem;
  return "";
}

std::vector<std::string> Placeholders::ToldProblems() const {
  std::vector<std::string> problems;
  for (const auto& [id, state] : states_)
    if (state.is_told && !state.problem.empty()) problems.push_back(state.problem);
  return problems;
}

void Placeholders::NoteUnjudged() {
  std::set<std::string> unjudged;
  for (const auto& [id, state] : states_)
    if (WritesToJudge(state)) unjudged.insert(id);
  results_.SetUnjudged(std::move(unjudged));
}

std::vector<std::string> Placeholders::RestOfProblems(const Warn& warn) {
  std::vector<std::string> problems;
  for (auto& [id, state] : states_) {
    Judge(state, warn);
    if (!state.is_told && !state.problem.empty())
      problems.push_back(std::exchange(state.problem, ""));
  }
  NoteUnjudged();
  return problems;
}

/// What the scripts of a node have done; nullopt while some are outstanding, and where it
/// matters to nobody.
std::optional<TableWrites> Placeholders::WritesToJudge(const State& state) const {
  const std::string& node = state.placeholder.node;
  const std::vector<Results::Ended> ended = results_.EndedOf(node);
  if (state.is_judged) return std::nullopt;
  TableWrites writes;
  writes.has_written = results_.HasWrittenBefore(node);
  std::size_t count = 0;
  for (const auto& [script, outcome] : ended) {
    if (!outcome.succeeded) return std::nullopt;
    // A hook writes no table.
    if (IsHook(script.when)) continue;
    ++count;
    writes.has_written |= outcome.has_written;
    writes.can_write |= outcome.can_write;
    if (outcome.is_table_there) writes.is_there = outcome.is_table_there;
  }
  // Results of an older aft do not tell whether what a retry leaves out has written.
  if (count == 0 || (!writes.has_written && count < state.script_count))
    return std::nullopt;
  // What its SQL reads then matters to nobody.
  if (writes.has_written && !state.has_children) return std::nullopt;
  return writes;
}

void Placeholders::Judge(State& state, const Warn& warn) {
  const std::optional<TableWrites> writes = WritesToJudge(state);
  if (!writes) return;
  const std::optional<std::string> sql = SqlOf(state);
  if (!sql) return;
  state.is_judged = true;
  PlaceholderVerdict verdict = aft::Judge(state.placeholder, *sql, *writes);
  state.problem = std::move(verdict.problem);
  if (!verdict.warning.empty()) warn("warning: " + verdict.warning);
  // So that a retry runs all of them again, and they are judged again.
  if (!state.problem.empty()) results_.FailAll(state.placeholder.node, state.problem);
}

}  // namespace aft
