// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/project/manifest.h"
#include "plugin/scripts/bound_scripts.h"
#include "plugin/scripts/results.h"

namespace aft {

/// Keeps dbt from building on a table that is not the one that this run's scripts have
/// written: for each ephemeral model with scripts, compares what they did with dbt's SQL.
class Placeholders {
 public:
  using Warn = std::function<void(const std::string& warning)>;

  /// dbt compiles into `target_folder`. `results`, those of this run, outlive this
  /// object.
  Placeholders(Results& results, std::filesystem::path target_folder)
      : results_(results), target_folder_(std::move(target_folder)) {}

  /// Takes those of `manifest` that have scripts in `bound`, before dbt compiles any.
  void Add(const Manifest& manifest, const std::vector<NodeScripts>& bound);

  /// The nodes that dbt compiles one into: right below it, or with ephemeral models alone
  /// in between.
  [[nodiscard]] std::vector<std::string> Children() const;

  /// Whether it is known which tables the SQL of `node` reads.
  [[nodiscard]] bool KnowsSqlOf(const std::string& node) const;

  /// Why nothing may be built on `node`, whose scripts have ended; or "". Warns once.
  std::string Problem(const std::string& node, const Warn& warn);

  /// Why `child` may not be built on what is compiled into it; or "".
  std::string ProblemAbove(const std::string& child, const Warn& warn);

  /// The problems that Problem() and ProblemAbove() have given out.
  [[nodiscard]] std::vector<std::string> ToldProblems() const;

  /// Notes in the results, at the end of the run, of which nodes it is not known whether
  /// their SQL reads what their scripts have written.
  void NoteUnjudged();

  /// The problems that they have not, at the end of the run; notes what is left unjudged.
  std::vector<std::string> RestOfProblems(const Warn& warn);

 private:
  struct State {
    Placeholder placeholder;
    std::size_t script_count = 0;
    std::filesystem::file_time_type old_sql;  ///< when an earlier run compiled it
    bool has_children = false;
    bool is_judged = false;
    bool is_told = false;  ///< the problem
    std::string problem;
  };

  void AddBelow(const std::string& id, const Graph& graph, const ::aft::Children& below);
  [[nodiscard]] std::optional<std::string> SqlOf(const State& state) const;
  [[nodiscard]] std::optional<TableWrites> WritesToJudge(const State& state) const;
  void Judge(State& state, const Warn& warn);

  Results& results_;
  std::filesystem::path target_folder_;
  std::map<std::string, State> states_;                    ///< by unique id
  std::map<std::string, std::set<std::string>> children_;  ///< the ids above each
};

}  // namespace aft
