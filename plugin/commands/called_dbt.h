// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugin/commands/context.h"
#include "plugin/dbt/dbt_arguments.h"
#include "plugin/dbt/dbt_executable.h"
#include "plugin/dbt/gate_probe.h"

namespace aft {

/// The dbt that a command is about, with the words for it.
class CalledDbt {
 public:
  /// `option` is the value of `--aft-dbt`, or empty. Throws Error where there is no
  /// dbt, which says how to install one. `context` outlives this object.
  CalledDbt(CommandContext& context, const std::string& option,
            std::vector<std::string> words);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  void Replace(std::vector<std::string> words) { words_ = std::move(words); }
  /// The interpreter that the file of dbt names; nothing for what is known as a wrapper.
  [[nodiscard]] const std::optional<NamedPython>& named_python() const {
    return named_python_;
  }

  /// Asks dbt what it can do, once. To ask a wrapper takes its start.
  const DbtAbility& Ask();
  /// As far as dbt has been asked.
  [[nodiscard]] const DbtAbility& ability() const { return ability_; }
  /// What to do about a dbt that is too old for scripts in any mode; empty for others,
  /// and before dbt has been asked.
  [[nodiscard]] std::string AgeProblem() const;

  /// The words taken apart. Which variables of the environment count depends on dbt's
  /// version, so the newest is assumed before dbt has been asked.
  [[nodiscard]] DbtArguments Arguments() const;

  /// The folder of the project that the words are about; empty without one.
  [[nodiscard]] std::filesystem::path ProjectFolder() const;

  /// The interpreter for scripts of dbt's own environment. Throws Error without one.
  [[nodiscard]] std::filesystem::path PythonForScripts() const;

 private:
  [[nodiscard]] std::filesystem::path Find(const std::string& option) const;

  CommandContext& context_;
  std::vector<std::string> words_;
  bool has_been_asked_ = false;
  DbtAbility ability_;
  std::filesystem::path path_;
  std::optional<NamedPython> named_python_;
};

}  // namespace aft
