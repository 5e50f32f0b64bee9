// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/dbt/dbt_variables.h"

namespace aft {

/// dbt's subcommands.
inline constexpr auto kDbtCommands = std::to_array<std::string_view>(
    {"build", "clean", "clone", "compile", "debug", "deps", "docs", "init", "list", "ls",
     "parse", "retry", "run", "run-operation", "seed", "show", "snapshot", "source",
     "test"});

/// A part of a dbt command line: a word, or an option with the values that belong to it.
struct DbtArgument {
  /// Its long name, as "--select"; empty for a word, such as the value of an option that
  /// another dbt has.
  std::string option;
  std::vector<std::string> values;
  std::vector<std::string> words;  ///< as the user typed it
};

/// dbt's command line, taken apart as dbt 1.x does: `--select` and its like take all
/// values up to the next option.
class DbtArguments {
 public:
  /// `variables` tells what the environment adds to `words`.
  explicit DbtArguments(const std::vector<std::string>& words,
                        DbtVariables variables = DbtVariables());

  [[nodiscard]] const DbtVariables& variables() const { return variables_; }

  /// dbt's subcommand: "run", "source freshness"; empty where there is none.
  [[nodiscard]] const std::string& command() const { return command_; }

  /// The value of the right-most `option`; empty without.
  [[nodiscard]] std::string Value(std::string_view option) const;

  /// The values of all `option`s.
  [[nodiscard]] std::vector<std::string> Values(std::string_view option) const;

  /// Whether a flag is on: the right-most of `--name` and `--no-name`, then dbt's
  /// environment variable for it, then `otherwise`.
  [[nodiscard]] bool Flag(std::string_view name, bool otherwise) const;

  /// The value of an option, or of dbt's environment variable for it; empty without.
  [[nodiscard]] std::string Setting(std::string_view name) const;

  /// The words of all but the options in `left_out`, with `command` in the place of the
  /// subcommand: dbt 1.7 takes some options only before it.
  [[nodiscard]] std::vector<std::string> WordsWithout(
      const std::vector<std::string_view>& left_out,
      const std::string& command = "") const;

 private:
  void TakeWord(const std::string& word);

  DbtVariables variables_;
  std::vector<DbtArgument> arguments_;
  std::string command_;
  std::size_t command_place_ = 0;  ///< how many arguments stand before it
};

/// Whether dbt takes `text` for true, as the value of a flag.
bool IsTrue(std::string text);

}  // namespace aft
