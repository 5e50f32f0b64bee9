// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/unknown_names.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

#include "host_shim/edit_distance.h"
#include "host_shim/error.h"
#include "plugin/project/known_keys.h"
#include "plugin/project/schema_files.h"
#include "plugin/selection/selector.h"

namespace aft {
namespace {

class UnknownFinder {
 public:
  UnknownFinder(const KnownPaths& known, const ProjectConfig& project)
      : known_(known), project_(project) {}

  /// Why nothing has the name, or "".
  [[nodiscard]] std::string Reason(const Criterion& criterion) const {
    const std::string& core = criterion.core;
    const auto names = [&](const std::string& path) { return NamesScript(core, path); };
    const auto has = [&](const std::vector<std::string>& paths) {
      return std::any_of(paths.begin(), paths.end(), names);
    };
    if (!MayBeFileName(core) || has(known_.scripts) || HasPythonModel(project_, names))
      return "";
    if (has(known_.hooks))
      return "this is a hook, which goes with its node and has no name in a selection";
    const std::string hint = HintOfScript(core, known_.scripts);
    // dbt has names with dots that are of no files.
    if (!IsPythonFile(core) && (hint.empty() || !HasKindOfAScript(core))) return "";
    return "no script of this run and no file of dbt has this name" + hint;
  }

 private:
  [[nodiscard]] bool HasKindOfAScript(const std::string& core) const {
    const auto kind = std::filesystem::path(core).extension();
    return !kind.empty() && std::any_of(known_.scripts.begin(), known_.scripts.end(),
                                        [&](const std::filesystem::path& script) {
                                          return script.extension() == kind;
                                        });
  }

  const KnownPaths& known_;
  const ProjectConfig& project_;
};

}  // namespace

std::string HintOfScript(const std::string& core,
                         const std::vector<std::string>& scripts) {
  std::set<std::string> known;
  for (const std::string& script : scripts) {
    known.insert(script);
    known.insert(std::filesystem::path(script).filename());
  }
  const std::vector<std::string_view> names(known.begin(), known.end());
  return DidYouMean(core, names);
}

UnknownNames FindUnknownNames(const std::vector<std::string>& select,
                              const std::vector<std::string>& exclude,
                              const KnownPaths& known, const ProjectConfig& project) {
  const UnknownFinder finder(known, project);
  UnknownNames unknown;
  bool selects_more = false;
  std::vector<std::pair<std::string, std::string>> in_vain;
  for (const SelectorTerm& term : ParseSelector(select)) {
    const std::size_t before = in_vain.size();
    for (const Criterion& criterion : term)
      if (const std::string reason = finder.Reason(criterion); !reason.empty())
        in_vain.emplace_back(criterion.text, reason);
    selects_more = selects_more || in_vain.size() == before;
  }
  for (const auto& [text, reason] : in_vain)
    if (selects_more)
      unknown.warnings.push_back(Text("--select ", text, " selects nothing: ", reason));
    else
      unknown.problems.push_back(Text("cannot select '", text, "': ", reason));
  for (const SelectorTerm& term : ParseSelector(exclude))
    for (const Criterion& criterion : term)
      if (const std::string reason = finder.Reason(criterion); !reason.empty())
        unknown.warnings.push_back(
            Text("--exclude ", criterion.text, " excludes nothing: ", reason));
  return unknown;
}

}  // namespace aft
