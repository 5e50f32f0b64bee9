// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/unknown_names.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

#include "host_shim/edit_distance.h"
#include "host_shim/error.h"
#include "plugin/project/known_keys.h"
#include "plugin/project/schema_files.h"
#include "plugin/selection/selector.h"

namespace aft {
namespace {

class UnknownFinder {
 public:
  UnknownFinder(const std::vector<std::string>& scripts, const ProjectConfig& project)
      : scripts_(scripts), project_(project) {}

  [[nodiscard]] bool IsUnknown(const Criterion& criterion) const {
    const std::string& core = criterion.core;
    const auto names = [&](const std::string& path) { return NamesScript(core, path); };
    return MayBeFileName(core) && IsPythonFile(core) &&
           std::none_of(scripts_.begin(), scripts_.end(), names) &&
           !HasPythonModel(project_, names);
  }

  /// "; did you mean 'score.py'?" with the form of name that was typed, or "".
  [[nodiscard]] std::string Hint(const Criterion& criterion) const {
    std::set<std::string> known;
    for (const std::string& script : scripts_) {
      known.insert(script);
      known.insert(std::filesystem::path(script).filename());
    }
    const std::vector<std::string_view> names(known.begin(), known.end());
    return DidYouMean(criterion.core, names);
  }

 private:
  const std::vector<std::string>& scripts_;
  const ProjectConfig& project_;
};

constexpr const char* kReason = "no script of this run and no file of dbt has this name";

}  // namespace

UnknownNames FindUnknownNames(const std::vector<std::string>& select,
                              const std::vector<std::string>& exclude,
                              const std::vector<std::string>& scripts,
                              const ProjectConfig& project) {
  const UnknownFinder finder(scripts, project);
  UnknownNames unknown;
  bool selects_more = false;
  std::vector<const Criterion*> in_vain;
  const Selector selected = ParseSelector(select);
  for (const SelectorTerm& term : selected) {
    const std::size_t known = in_vain.size();
    for (const Criterion& criterion : term)
      if (finder.IsUnknown(criterion)) in_vain.push_back(&criterion);
    selects_more = selects_more || in_vain.size() == known;
  }
  for (const Criterion* criterion : in_vain)
    if (selects_more)
      unknown.warnings.push_back(Text("--select ", criterion->text, " selects nothing: ",
                                      kReason, finder.Hint(*criterion)));
    else
      unknown.problems.push_back(Text("cannot select '", criterion->text, "': ", kReason,
                                      finder.Hint(*criterion)));
  for (const SelectorTerm& term : ParseSelector(exclude))
    for (const Criterion& criterion : term)
      if (finder.IsUnknown(criterion))
        unknown.warnings.push_back(Text("--exclude ", criterion.text,
                                        " excludes nothing: ", kReason,
                                        finder.Hint(criterion)));
  return unknown;
}

}  // namespace aft
