// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/worker.h"

#include <chrono>
#include <utility>
#include <variant>

#include "host_shim/error.h"

namespace aft {
namespace {

// Enough for a Python traceback of a host that can't start.
constexpr std::size_t kKeptOutput = 8192;

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace

Worker::Worker(EventLoop& loop, std::filesystem::path launcher,
               const Environment& environment, HostSetup setup, Handlers handlers)
    : loop_(loop),
      launcher_(std::move(launcher)),
      setup_(std::move(setup)),
      handlers_(std::move(handlers)),
      environment_(environment),
      is_builder_(!environment.type.empty()) {
  // An environment is built with dbt's Python.
  Start(setup_.python, is_builder_ ? FindMessage(environment_) : PrepareMessage(setup_));
}

void Worker::Require() {
  if (!std::exchange(is_required_, true) && is_missing_)
    host_->Send(BuildMessage(environment_));
}

void Worker::Missing() {
  is_missing_ = true;
  if (is_required_) host_->Send(BuildMessage(environment_));
}

void Worker::Start(const std::string& python, const std::string& first_message) {
  WorkerHost::Handlers handlers;
  handlers.cut = handlers_.cut;
  handlers.on_message = [this](const HostMessage& message) { Receive(message); };
  handlers.on_output = [this](std::string_view line) {
    if (output_.size() < kKeptOutput) output_.append(line).push_back('\n');
  };
  handlers.on_gone = [this] { Gone(); };
  host_ = std::make_unique<WorkerHost>(loop_, launcher_, python, std::move(handlers));
  host_->Send(first_message);
}

void Worker::StartHost(const std::string& python) {
  is_builder_ = false;
  Start(python, PrepareMessage(setup_));
  if (!manifest_.empty()) host_->Send(ManifestMessage(manifest_.native()));
}

void Worker::UseManifest(const std::filesystem::path& path) {
  manifest_ = path;
  if (!is_builder_) host_->Send(ManifestMessage(path.native()));
}

void Worker::Run(std::int64_t id, ScriptRun& run, const NodeState& node) {
  if (is_gone_) return;
  host_->Send(RunMessage(id, run.script(), node), run.HandOver());
}

void Worker::Signal(std::int64_t id, int signal) {
  if (!is_gone_) host_->Send(SignalMessage(id, signal));
}

void Worker::Receive(const HostMessage& message) {
  std::visit(
      Overloaded{
          [this](const HostMissing&) { Missing(); },
          [this](const HostProgress& progress) { handlers_.on_progress(progress.line); },
          [this](const HostBuilt& built) {
            // Not from inside the builder's own call.
            loop_.After(std::chrono::milliseconds(0),
                        [this, python = built.python] { StartHost(python); });
          },
          [this](const HostPrepared& prepared) {
            if (!prepared.control_group.empty())
              control_group_.emplace(prepared.control_group);
            handlers_.on_prepared(prepared);
          },
          [this](const HostFailed& failed) { Fail(failed.message); },
          [this](const ScriptExited& exited) { handlers_.on_exited(exited); },
          [](const HostNotice&) {},
      },
      message);
}

void Worker::Fail(const std::string& reason) {
  if (!std::exchange(has_failed_, true)) handlers_.on_failed(reason);
}

void Worker::Gone() {
  is_gone_ = true;
  if (control_group_) control_group_->Kill();
  while (!output_.empty() && output_.back() == '\n') output_.pop_back();
  Fail(Text("the worker host has ended unexpectedly",
            output_.empty() ? "" : "; its last words: ", output_));
  handlers_.on_gone();
}

}  // namespace aft
