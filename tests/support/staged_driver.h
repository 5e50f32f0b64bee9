// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "plugin/base/json_text.h"
#include "plugin/staged/staged_run.h"
#include "tests/support/dbt_target.h"
#include "tests/support/noted_scripts.h"

namespace aft {

/// A run in stages whose dbt and whose scripts are the test.
class StagedDriver : public DbtTarget {
 public:
  explicit StagedDriver(const std::filesystem::path& folder,
                        const std::vector<std::string>& words = {"build"},
                        std::vector<ScriptBinding> run_level = {},
                        const std::optional<PreviousRun>& previous = {})
      : DbtTarget(folder / "target"),
        folder_(folder),
        run(loop_, scripts,
            {ReadProjectConfig(folder),
             StagedCommands("/bin/dbt", words),
             Invocation(folder, words),
             {kLocalEnvironment},
             previous,
             folder / "private",
             {},
             {std::move(run_level), {}, !previous}},
            {[this](const std::string& text) { output += text; },
             [this](const std::string& text) { errors += text; }}) {}

  /// Whether a command is started now; which one is in `command`.
  bool Starts() {
    if (Next() != StagedRun::Next::kStart) return false;
    next_ = StagedRun::Next::kWait;
    command = run.command();
    if (command.argv.back() == "unique_id") WriteManifest();
    return true;
  }
  [[nodiscard]] bool HasEnded() { return Next() == StagedRun::Next::kEnd; }

  /// What the command prints.
  void Print(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) run.TakeLine(line);
  }

  /// All of `dbt ls`, which selects these nodes.
  void List(const std::vector<std::string>& nodes) {
    ASSERT_TRUE(Starts());
    for (const std::string& node : nodes)
      Print(boost::json::serialize(boost::json::object{{"unique_id", node}}));
    if (nodes.empty()) Print(R"({"info": {"name": "NoNodesSelected", "level": "warn"}})");
    run.CommandExited(0);
  }

  /// The line that tells a node's end.
  void Tell(const std::string& node, const std::string& status) {
    Print(boost::json::serialize(boost::json::object{
        {"info", {{"name", "LogModelResult"}, {"level", "info"}, {"msg", "told"}}},
        {"data", {{"node_info", {{"unique_id", node}, {"node_status", status}}}}}}));
  }

  /// The nodes that the command selects, each by its own selector.
  [[nodiscard]] std::vector<std::string> Selected() const {
    std::map<std::string, std::string> nodes;
    for (const auto& [id, node] : ReadManifest(folder_ / "target/manifest.json").graph)
      EXPECT_TRUE(nodes.emplace(node.selector, id).second) << node.selector;
    std::vector<std::string> selected;
    if (command.argv.back() == "result:error") {
      for (const NodeResult& result :
           ResultsIn(ReadJsonFileOrNull(folder_ / "private/stage/run_results.json")))
        selected.push_back(result.node);
      return selected;
    }
    auto word = std::find(command.argv.begin(), command.argv.end(), "--select");
    if (word != command.argv.end())
      while (++word != command.argv.end()) selected.push_back(nodes.at(*word));
    std::sort(selected.begin(), selected.end());
    return selected;
  }

 private:
  /// A command that is to start is given out once.
  StagedRun::Next Next() {
    if (next_ != StagedRun::Next::kStart) next_ = run.NextStep();
    return next_;
  }

  static DbtInvocation Invocation(const std::filesystem::path& folder,
                                  const std::vector<std::string>& words) {
    const DbtArguments arguments(words);
    DbtInvocation invocation;
    invocation.command = arguments.command();
    invocation.project_folder = folder;
    invocation.fails_fast = arguments.Flag("fail-fast", false);
    invocation.log_format = arguments.Value("--log-format");
    return invocation;
  }

  std::filesystem::path folder_;
  EventLoop loop_;
  StagedRun::Next next_ = StagedRun::Next::kWait;

 public:
  std::string output;
  std::string errors;
  NotedScripts scripts;
  Process command;
  StagedRun run;
};

}  // namespace aft
