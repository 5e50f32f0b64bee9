// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/selector.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <string_view>

namespace aft {
namespace {

constexpr std::string_view kDigits = "0123456789";

/// The levels that the digits before or after a `+` stand for.
int Levels(std::string_view digits) {
  if (digits.empty()) return JointGraph::kUnlimited;
  int levels = 0;
  const auto [end, code] =
      std::from_chars(digits.data(), digits.data() + digits.size(), levels);
  return code == std::errc() ? levels : JointGraph::kUnlimited;
}

// (dbt-core, graph/selector_spec.py: RAW_SELECTOR_PATTERN)
Criterion ParseCriterion(const std::string& text) {
  Criterion criterion{text, "", 0, 0, false};
  std::string_view rest = text;
  if (!rest.empty() && rest.front() == '@') {
    criterion.takes_parents_of_children = true;
    rest.remove_prefix(1);
  }
  const std::size_t plus = rest.find_first_not_of(kDigits);
  if (plus != std::string_view::npos && rest[plus] == '+') {
    criterion.above = Levels(rest.substr(0, plus));
    rest.remove_prefix(plus + 1);
  }
  const std::size_t last = rest.find_last_not_of(kDigits);
  if (last != std::string_view::npos && rest[last] == '+') {
    criterion.below = Levels(rest.substr(last + 1));
    rest = rest.substr(0, last);
  }
  criterion.core = rest;
  return criterion;
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
  }
  return parts;
}

}  // namespace

Selector ParseSelector(const std::vector<std::string>& values) {
  Selector selector;
  for (const std::string& value : values)
    for (const std::string& words : Split(value, ' ')) {
      SelectorTerm term;
      for (const std::string& word : Split(words, ','))
        term.push_back(ParseCriterion(word));
      selector.push_back(std::move(term));
    }
  return selector;
}

std::set<std::string> Reach(const Criterion& criterion, const std::set<std::string>& base,
                            const JointGraph& graph) {
  std::set<std::string> reached = base;
  if (criterion.takes_parents_of_children) {
    reached.merge(graph.Below(base));
    reached.merge(graph.Above(reached));
  }
  reached.merge(graph.Above(base, criterion.above));
  reached.merge(graph.Below(base, criterion.below));
  return reached;
}

bool MayBeFileName(const std::string& core) {
  constexpr std::array<std::string_view, 4> kOfDbt = {".sql", ".csv", ".yml", ".yaml"};
  const std::filesystem::path extension = std::filesystem::path(core).extension();
  return core.find_first_of("./") != std::string::npos &&
         core.find_first_of(":*?[") == std::string::npos &&
         std::find(kOfDbt.begin(), kOfDbt.end(), extension.native()) == kOfDbt.end();
}

bool NamesScript(const std::string& core, const std::string& path) {
  namespace fs = std::filesystem;
  // "orders" is a model, whatever file has that name.
  if (core.find_first_of("./") == std::string::npos) return false;
  const fs::path name = fs::path(core).lexically_normal();
  const fs::path file = fs::path(path).lexically_normal();
  const auto length = std::distance(name.begin(), name.end());
  if (length > std::distance(file.begin(), file.end())) return false;
  return std::equal(name.begin(), name.end(), std::prev(file.end(), length));
}

std::set<std::string> ScriptsNamed(const std::string& core, const JointGraph& graph) {
  std::set<std::string> named;
  for (const GraphScript& script : graph.scripts())
    if (NamesScript(core, script.path)) named.insert(script.id);
  return named;
}

}  // namespace aft
