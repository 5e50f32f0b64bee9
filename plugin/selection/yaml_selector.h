// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <vector>

namespace aft {

/// A selector of selectors.yml, as the command line would say it.
struct SelectorInOptions {
  std::vector<std::string> select;   ///< terms of `--select`
  std::vector<std::string> exclude;  ///< terms of `--exclude`
  /// What the criteria say of `indirect_selection`, without repetition; "" stands for the
  /// command's own.
  std::vector<std::string> indirect_selections;
};

/// Reads what selectors.yml holds by dbt's rules. (dbt-core, graph/cli.py)
class YamlSelectors {
 public:
  /// `document` is the file, whose templates need not be rendered yet.
  explicit YamlSelectors(boost::json::value document);

  /// The one that dbt uses where the command line selects nothing; "" where none is.
  [[nodiscard]] std::string DefaultName() const;

  /// The texts in the definition of a selector, and in the selectors that it names.
  [[nodiscard]] std::vector<std::string> Texts(const std::string& name) const;

  /// Throws Error where options can't say what the selector selects. `may_name_script`
  /// tells which values of the methods `file` and `path` may mean a script.
  [[nodiscard]] SelectorInOptions InOptions(
      const std::string& name,
      const std::function<bool(const std::string&)>& may_name_script) const;

 private:
  boost::json::value document_;
};

}  // namespace aft
