// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "plugin/event_loop.h"
#include "plugin/script_host.h"
#include "plugin/script_run.h"
#include "plugin/secrets.h"
#include "plugin/worker_host.h"

namespace aft {

/// Runs scripts in processes of their own, which worker hosts fork. No text that it gives
/// out has a secret in it.
class WorkerPool final : public ScriptHost {
 public:
  /// `launcher` is aft-python. `on_ready` is called once it is known whether scripts can
  /// run; failure() then says why not.
  WorkerPool(EventLoop& loop, std::filesystem::path launcher,
             std::function<void()> on_ready);

  void WarmUp(const std::string& python, const HostSetup& setup) override;
  void UseManifest(const std::filesystem::path& path) override;
  [[nodiscard]] bool IsReady() const override {
    return is_prepared_ || !failure_.empty();
  }
  [[nodiscard]] const std::string& failure() const override { return failure_; }

  RunId Run(const Script& script, const std::string& node_status, OnOutput on_output,
            OnEnded on_ended) override;
  void Signal(RunId run, int signal) override;

 private:
  struct Running {
    std::unique_ptr<ScriptRun> run;
    OnEnded on_ended;
  };

  void Receive(const HostMessage& message);
  void HostGone();
  void Fail(const std::string& reason);
  void End(const ScriptExited& exited);

  EventLoop& loop_;
  std::filesystem::path launcher_;
  std::function<void()> on_ready_;
  std::unique_ptr<WorkerHost> host_;
  Secrets secrets_;
  std::string host_output_;
  bool is_prepared_ = false;
  bool host_is_gone_ = false;
  std::string failure_;
  RunId next_run_ = 1;
  std::map<RunId, Running> running_;
};

}  // namespace aft
