// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/run_level_scripts.h"

#include <algorithm>
#include <utility>

namespace aft {

void RunLevelScripts::Repeat(const PreviousRun& previous) {
  if (!previous.has_run_level && !bindings_.are_wanted) bindings_ = {};
  succeeded_ = previous.succeeded;
  was_whole_ =
      previous.nodes.empty() && previous.left.empty() && previous.left_run_level.empty();
}

void RunLevelScripts::Bind(const ProjectConfig& project, const DbtInvocation& invocation,
                           const ProjectEnvironments& environments, BoundScripts& bound) {
  bound.problems.insert(bound.problems.end(), bindings_.problems.begin(),
                        bindings_.problems.end());
  if (bindings_.scripts.empty()) return;
  // The run stands for a node, whose scripts have none.
  Manifest manifest;
  manifest.project = project.name.empty() ? "project" : project.name;
  manifest.nodes.push_back({"run",
                            "the run",
                            manifest.project,
                            false,
                            false,
                            std::move(bindings_.scripts),
                            {}});
  BoundScripts of_run = BindScripts(manifest, project, invocation, environments);
  for (NodeScripts& scripts : of_run.nodes)
    for (Script& script : scripts.scripts) {
      // One after the run has seen what was built, and is to see the rest.
      if (succeeded_.contains(script.id) && (was_whole_ || RunsBeforeNode(script.when)))
        continue;
      bound.environments.insert(script.environment);
      script.node.clear();
      (RunsBeforeNode(script.when) ? before_ : after_).push_back(std::move(script));
    }
  // What is wrong with the project itself has been said.
  for (std::string& problem : of_run.problems)
    if (std::find(bound.problems.begin(), bound.problems.end(), problem) ==
        bound.problems.end())
      bound.problems.push_back(std::move(problem));
}

void RunLevelScripts::RunBefore(ScriptTurns::Handlers handlers) {
  const ScriptTurns::Handlers given = handlers;
  handlers.on_done = [this, given](const std::string& problem) {
    if (!problem.empty()) Skip("a script before the run failed", given);
    given.on_done(problem);
  };
  turns_.Start(std::exchange(before_, {}), {}, handlers);
}

void RunLevelScripts::RunAfter(const ScriptTurns::Handlers& handlers) {
  turns_.Start(std::exchange(after_, {}), {}, handlers);
}

void RunLevelScripts::Skip(const std::string& reason,
                           const ScriptTurns::Handlers& handlers) {
  turns_.Skip(std::exchange(before_, {}), reason, handlers);
  turns_.Skip(std::exchange(after_, {}), reason, handlers);
}

}  // namespace aft
