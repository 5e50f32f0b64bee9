// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/secrets/secrets.h"
#include "plugin/workers/script_host.h"
#include "plugin/workers/script_run.h"
#include "plugin/workers/worker.h"

namespace aft {

/// Runs scripts in processes of their own, which worker hosts fork: one host for each
/// environment in use. No text that it gives out has a secret in it.
class WorkerPool final : public ScriptHost {
 public:
  struct Handlers {
    /// It is known of one more environment whether its scripts can run.
    std::function<void()> on_ready;
    /// A line for people about an environment that is being built.
    std::function<void(const std::string& line)> on_progress;
  };

  /// `launcher` is aft-python; `run_folder` a private folder for sockets of scripts.
  WorkerPool(EventLoop& loop, std::filesystem::path launcher,
             std::filesystem::path run_folder, Handlers handlers);

  /// Unless the project sets `unordered_refs`, scripts that read outside of their node's
  /// dependencies are only warned.
  void OnlyWarnOfUnorderedRefs() { unordered_refs_ = "warn"; }

  void WarmUp(const Environment& environment, const HostSetup& setup) override;
  void Require(const Environment& environment, const HostSetup& setup) override;
  void UseManifest(const std::filesystem::path& path) override;
  void UseSelection(const std::vector<std::string>& nodes) override;
  [[nodiscard]] bool IsReady(const std::string& environment) const override;
  [[nodiscard]] const std::string& failure(const std::string& environment) const override;

  [[nodiscard]] int threads() const override { return threads_; }

  RunId Run(const Script& script, const NodeState& node, OnOutput on_output,
            OnEnded on_ended) override;
  void Signal(RunId run, int signal) override;

 private:
  struct WorkerState {
    std::unique_ptr<Worker> worker;
    bool is_prepared = false;
    std::string failure;
  };

  struct Running {
    std::unique_ptr<ScriptRun> run;
    OnEnded on_ended;
    WorkerState* state;
  };

  [[nodiscard]] Worker::Handlers HandlersOf(const std::string& environment,
                                            WorkerState& state);
  void WorkerGone(const WorkerState& state);
  void End(const ScriptExited& exited);

  EventLoop& loop_;
  std::filesystem::path launcher_;
  std::filesystem::path run_folder_;
  Handlers handlers_;
  Secrets secrets_;
  std::filesystem::path manifest_;
  std::string unordered_refs_ = "error";
  std::map<std::string, WorkerState> workers_;
  int threads_ = 0;
  RunId next_run_ = 1;
  std::map<RunId, Running> running_;
};

}  // namespace aft
