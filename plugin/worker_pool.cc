// SPDX-License-Identifier: Apache-2.0
#include "plugin/worker_pool.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

// Enough for a Python traceback of a host that can't start.
constexpr std::size_t kKeptOutput = 8192;

// What dbt itself masks.
constexpr std::string_view kSecretVariable = "DBT_ENV_SECRET";

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace

WorkerPool::WorkerPool(EventLoop& loop, std::filesystem::path launcher,
                       std::function<void()> on_ready)
    : loop_(loop), launcher_(std::move(launcher)), on_ready_(std::move(on_ready)) {
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (text.starts_with(kSecretVariable))
      secrets_.Add(text.substr(std::min(text.find('='), text.size() - 1) + 1));
  }
}

void WorkerPool::WarmUp(const std::string& python, const HostSetup& setup) {
  if (host_ != nullptr) return;
  WorkerHost::Handlers handlers;
  handlers.on_message = [this](const HostMessage& message) { Receive(message); };
  handlers.on_output = [this](std::string_view line) {
    if (host_output_.size() < kKeptOutput) host_output_.append(line).push_back('\n');
  };
  handlers.on_gone = [this] { HostGone(); };
  host_ = std::make_unique<WorkerHost>(loop_, launcher_, python, std::move(handlers));
  host_->Send(PrepareMessage(setup));
}

void WorkerPool::UseManifest(const std::filesystem::path& path) {
  host_->Send(ManifestMessage(path.native()));
}

WorkerPool::RunId WorkerPool::Run(const Script& script, const std::string& node_status,
                                  OnOutput on_output, OnEnded on_ended) {
  const RunId id = next_run_++;
  auto run = std::make_unique<ScriptRun>(
      loop_, script, [this, on_output = std::move(on_output)](std::string_view line) {
        on_output(secrets_.Masked(std::string(line)));
      });
  ScriptRun& handed_over = *run;
  running_.emplace(id, Running{std::move(run), std::move(on_ended)});
  if (host_is_gone_) {
    loop_.After(std::chrono::milliseconds(0), [this, id] {
      if (running_.contains(id)) End({id, 0, 0, "", ""});
    });
    return id;
  }
  host_->Send(RunMessage(id, script, node_status), handed_over.script_control(),
              handed_over.script_output());
  handed_over.HandedOver();
  return id;
}

void WorkerPool::Signal(RunId run, int signal) {
  if (!host_is_gone_ && running_.contains(run)) host_->Send(SignalMessage(run, signal));
}

void WorkerPool::Receive(const HostMessage& message) {
  std::visit(Overloaded{
                 [this](const HostPrepared& prepared) {
                   for (const std::string& secret : prepared.secrets)
                     secrets_.Add(secret);
                   is_prepared_ = true;
                   on_ready_();
                 },
                 [this](const HostFailed& failed) { Fail(failed.message); },
                 [this](const ScriptExited& exited) { End(exited); },
                 [](const HostNotice&) {},
             },
             message);
}

void WorkerPool::Fail(const std::string& reason) {
  if (!failure_.empty()) return;
  failure_ = secrets_.Masked(reason);
  on_ready_();
}

void WorkerPool::HostGone() {
  host_is_gone_ = true;
  while (!host_output_.empty() && host_output_.back() == '\n') host_output_.pop_back();
  Fail(Text("the worker host has ended unexpectedly",
            host_output_.empty() ? "" : "; its last words: ", host_output_));
  for (const auto& [id, running] : running_) running.run->KillGroup();
  while (!running_.empty()) End({running_.begin()->first, 0, 0, "", ""});
}

void WorkerPool::End(const ScriptExited& exited) {
  const auto found = running_.find(exited.run);
  if (found == running_.end()) return;
  const Running running = std::move(found->second);
  running_.erase(found);
  Outcome outcome = running.run->Exited(exited);
  if (host_is_gone_ && !outcome.succeeded) outcome.message = failure_;
  outcome.message = secrets_.Masked(std::move(outcome.message));
  outcome.traceback = secrets_.Masked(std::move(outcome.traceback));
  running.on_ended(outcome);
}

}  // namespace aft
