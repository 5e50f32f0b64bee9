// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plugin/commands/called_dbt.h"
#include "plugin/commands/context.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/project/project_config.h"
#include "plugin/project/schema_files.h"
#include "plugin/scripts/run_level_scripts.h"

namespace aft {

/// What a project's files say, before dbt has parsed them, of the scripts of a command.
struct ExpectedRun {
  ProjectConfig project;                ///< without a folder where there is none
  std::vector<ExpectedScript> scripts;  ///< of the command
  RunLevelBindings run_level;           ///< that the command may run
  bool may_bind_more = false;           ///< than these: dbt's manifest has to tell
  bool binds_to_nodes = false;          ///< whether some are known of models and the like

  [[nodiscard]] bool MayBind() const;
  /// The same of models, seeds and snapshots, whatever the command runs.
  [[nodiscard]] bool MayBindToNodes() const;
  /// The names of those that the scripts run in.
  [[nodiscard]] std::set<std::string> Environments() const;
};

/// Throws Error for the last of `problems`, if there are any, after having told the
/// others.
void Refuse(const std::vector<std::string>& problems, const RunOutput& output);

/// Looks at the project's files, writes the placeholders of its Python models, and has
/// dbt pass over the scripts among its models. Throws Error, after having told all other
/// reasons, where the run can't be right.
ExpectedRun LookAhead(CalledDbt& dbt, const DbtCommand& command, CommandContext& context);

}  // namespace aft
