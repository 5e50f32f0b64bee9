// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/workers/script_host.h"

namespace aft {

/// Notes which scripts run; they end when the test says so.
class NotedScripts : public ScriptHost {
 public:
  struct Running {
    Script script;
    OnEnded on_ended;
  };

  void WarmUp(const Environment& /*environment*/, const HostSetup& /*setup*/) override {}
  void Require(const Environment& environment, const HostSetup& /*setup*/) override {
    if (!refusal.empty()) throw Error(refusal);
    environments.insert(environment.name);
  }
  void UseManifest(const std::filesystem::path& /*path*/) override {}
  void UseSelection(const std::vector<std::string>& nodes) override { selection = nodes; }
  [[nodiscard]] bool IsReady(const std::string& environment) const override {
    return !is_preparing && environments.contains(environment);
  }
  [[nodiscard]] const std::string& failure(
      const std::string& /*environment*/) const override {
    return reason;
  }

  [[nodiscard]] int threads() const override { return most_at_once; }

  RunId Run(const Script& script, const NodeState& node, OnOutput /*on_output*/,
            OnEnded on_ended) override {
    started.push_back(script.id);
    statuses.push_back(node.status);
    running[++last_] = {script, std::move(on_ended)};
    return last_;
  }
  void Signal(RunId /*run*/, int signal) override { signals.insert(signal); }

  void End(RunId run, bool succeeds, bool has_written = false) {
    const Running ended = std::move(running.at(run));
    running.erase(run);
    Outcome outcome;
    outcome.succeeded = succeeds;
    outcome.has_written = has_written;
    outcome.message = succeeds ? "" : "ValueError: no";
    ended.on_ended(outcome);
  }

  int most_at_once = 16;  ///< dbt's threads
  std::string refusal;    ///< why no environment can be required; empty where they can
  std::set<std::string> environments;
  std::vector<std::string> selection;  ///< the nodes that the run builds
  bool is_preparing = false;
  std::string reason;
  std::vector<std::string> started;
  std::vector<std::string> statuses;  ///< of the nodes of those
  std::map<RunId, Running> running;
  std::set<int> signals;

 private:
  RunId last_ = 0;
};

}  // namespace aft
