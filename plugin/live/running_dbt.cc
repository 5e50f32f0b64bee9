// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/running_dbt.h"

#include <utility>

#include "host_shim/error.h"

namespace aft {

RunningDbt::RunningDbt(EventLoop& loop, ScriptHost& host, const ProjectConfig& project,
                       DbtInvocation called, std::filesystem::path folder)
    : invocation(std::move(called)),
      target_folder(std::move(folder)),
      console(invocation.printer_width, invocation.use_colors),
      results(loop, target_folder, Results::Metadata::Of(invocation)),
      preparation(host, project, invocation, target_folder),
      turns(loop, host, console, results, target_folder / "aft" / "logs"),
      run_level(turns),
      placeholders(results, target_folder) {}

std::vector<std::string> RunningDbt::Close(const DbtConsole& console_of_dbt,
                                           const std::string& reason,
                                           const std::string& summary) {
  if (!reason.empty())
    run_level.Skip(Text("not run because ", reason),
                   {[&](const std::string& line, const char* level) {
                      console_of_dbt.Print(line, level);
                    },
                    nullptr});
  std::vector<std::string> problems = placeholders.RestOfProblems(
      [&](const std::string& warning) { console_of_dbt.Print(warning, "warn"); });
  results.Flush();
  // dbt has no last line where it has built nothing, and scripts may have run after it.
  if (!results.empty() && turns.Summary() != summary)
    console_of_dbt.Print(turns.Summary(), "info");
  return problems;
}

std::vector<std::string> RunningDbt::Problems(int exit_code) const {
  std::vector<std::string> problems;
  const int failed = results.Count(Results::Status::kError);
  // dbt does not know of them: of scripts after the run, and of an ephemeral model whose
  // SQL turns out not to read what its scripts have written.
  if (exit_code == 0 && failed > 0) {
    problems = placeholders.ToldProblems();
    problems.push_back(
        Text("scripts that failed: ", failed, "; the run is not complete"));
  }
  if (!results.problem().empty())
    problems.push_back(
        Text("the results of the scripts could not be kept: ", results.problem()));
  return problems;
}

}  // namespace aft
