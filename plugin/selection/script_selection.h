// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugin/project/joint_graph.h"
#include "plugin/selection/dbt_selectors.h"
#include "plugin/selection/selector.h"

namespace aft {

/// A selection that names scripts, taken apart.
struct ResolvedSelection {
  std::vector<std::string> select;   ///< for dbt: terms without scripts
  std::vector<std::string> exclude;  ///< likewise
  bool selects_nodes = true;         ///< whether dbt has anything to do
  std::set<std::string> scripts;     ///< that run, by id
  std::set<std::string> alone;       ///< those whose node dbt does not work on
  std::set<std::string> typed;       ///< scripts that it selects by their own names
  std::set<std::string> nodes;       ///< that it selects; unknown where dbt alone decides
};

/// What `--select` and `--exclude` mean where they name scripts, by themselves or with
/// graph operators. A node that dbt's own criteria select brings its scripts along,
/// unless graph operators have to reach them; one that they exclude takes them away.
///
/// dbt answers its own criteria; asks nobody itself.
class ScriptSelection {
 public:
  /// The nodes that each of Questions() selects.
  using Answers = std::map<std::string, std::set<std::string>>;

  /// What the command does with a selection.
  struct Meaning {
    /// Whether it works on nodes of a type.
    std::function<bool(const std::string& type)> runs_type;
    /// Whether nodes bring their scripts along, or only what operators reach is selected.
    bool brings_scripts = true;
    /// Whether it has to be known which nodes are selected, even if dbt alone decides.
    bool needs_nodes = false;
  };

  /// Throws Error for a criterion about scripts that can't be read.
  ScriptSelection(const JointGraph& graph, const std::vector<std::string>& select,
                  const std::vector<std::string>& exclude, Meaning meaning);

  /// Whether it is more than dbt's own selection of nodes, which bring all their scripts.
  [[nodiscard]] bool ChoosesScripts() const {
    return select_.chooses_scripts || exclude_.chooses_scripts;
  }

  /// Whether scripts are selected, and not only excluded: they may then run alone.
  [[nodiscard]] bool SelectsScripts() const { return select_.chooses_scripts; }

  /// What dbt has to be asked: values of `--select`.
  [[nodiscard]] std::vector<std::string> Questions() const;

  [[nodiscard]] ResolvedSelection Resolve(const Answers& answers) const;

 private:
  struct Term {
    std::vector<Criterion> about_scripts;
    std::string of_dbt;  ///< its other criteria; empty without
    /// The same where operators have to reach scripts from what their cores match.
    std::vector<Criterion> reaching;

    /// Whether dbt alone answers it.
    [[nodiscard]] bool is_of_dbt() const {
      return about_scripts.empty() && reaching.empty();
    }
  };

  /// One of the two options.
  struct Side {
    std::vector<Term> terms;
    bool chooses_scripts = false;
  };

  /// Nodes and scripts.
  struct Items {
    std::set<std::string> named;    ///< by terms that choose scripts
    std::set<std::string> of_dbt;   ///< nodes that dbt's own terms match
    std::set<std::string> brought;  ///< scripts of these
  };

  [[nodiscard]] Side Read(const std::vector<std::string>& values, bool brings) const;
  [[nodiscard]] static std::string DbtTermsOf(const Side& side);
  static void Ask(const Side& side, std::vector<std::string>& questions);
  [[nodiscard]] std::set<std::string> ScriptsOf(const std::set<std::string>& nodes) const;
  [[nodiscard]] std::set<std::string> ItemsOf(const Term& term,
                                              const Answers& answers) const;
  [[nodiscard]] Items ItemsOf(const Side& side, const Answers& answers) const;
  [[nodiscard]] std::vector<std::string> ForDbt(const Side& side) const;
  [[nodiscard]] std::set<std::string> NodesIn(const Items& selected,
                                              const Items& excluded) const;

  const JointGraph& graph_;
  Meaning meaning_;
  DbtSelectors selectors_;
  Side select_;
  Side exclude_;
};

}  // namespace aft
