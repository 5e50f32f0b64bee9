// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/project/environment.h"
#include "plugin/workers/control_group.h"
#include "plugin/workers/script_run.h"
#include "plugin/workers/worker_host.h"

namespace aft {

/// What runs the scripts of one Python environment: finds the environment, or builds it
/// when it is required, and keeps its worker host from then on.
class Worker {
 public:
  struct Handlers {
    LineSplitter::Cut cut;  ///< says where a line that is too long may be cut
    std::function<void(std::string_view line)> on_progress;  ///< of a build
    /// Scripts can run from now on.
    std::function<void(const HostPrepared&)> on_prepared;
    /// No script can run, or no further one.
    std::function<void(const std::string& reason)> on_failed;
    std::function<void(const ScriptExited&)> on_exited;
    /// The host has ended; it will say no more of its scripts.
    std::function<void()> on_gone;
  };

  /// `launcher` is aft-python. `loop` outlives this object.
  Worker(EventLoop& loop, std::filesystem::path launcher, const Environment& environment,
         HostSetup setup, Handlers handlers);

  /// Scripts will run: the environment has to be built if it isn't there.
  void Require();

  void UseManifest(const std::filesystem::path& path);

  /// Hands a script over. Does nothing once the host is gone.
  void Run(std::int64_t id, ScriptRun& run, const NodeState& node);
  void Signal(std::int64_t id, int signal);

  [[nodiscard]] bool is_gone() const { return is_gone_; }

 private:
  void Missing();
  void Start(const std::string& python, const std::string& first_message);
  void StartHost(const std::string& python);
  void Receive(const HostMessage& message);
  void Fail(const std::string& reason);
  void Gone();

  EventLoop& loop_;
  std::filesystem::path launcher_;
  HostSetup setup_;
  Handlers handlers_;
  Environment environment_;
  std::optional<ControlGroup> control_group_;  ///< outlives the host
  std::unique_ptr<WorkerHost> host_;
  std::filesystem::path manifest_;
  std::string output_;
  bool is_builder_ = false;  ///< what host_ is, until the environment is there
  bool is_missing_ = false;
  bool is_required_ = false;
  bool has_failed_ = false;
  bool is_gone_ = false;
};

}  // namespace aft
