// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/worker_pool.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"

namespace aft {
namespace {

namespace json = boost::json;

// What dbt itself masks.
constexpr std::string_view kSecretVariable = "DBT_ENV_SECRET";

}  // namespace

WorkerPool::WorkerPool(EventLoop& loop, std::filesystem::path launcher,
                       std::filesystem::path run_folder, Handlers handlers)
    : loop_(loop),
      launcher_(std::move(launcher)),
      run_folder_(std::move(run_folder)),
      handlers_(std::move(handlers)) {
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (text.starts_with(kSecretVariable))
      secrets_.Add(text.substr(std::min(text.find('='), text.size() - 1) + 1));
  }
}

void WorkerPool::WarmUp(const Environment& environment, const HostSetup& setup) {
  const auto [entry, is_new] = workers_.try_emplace(environment.name);
  if (!is_new) return;
  WorkerState& state = entry->second;
  HostSetup complete = setup;
  complete.run_folder = run_folder_;
  if (complete.unordered_refs.empty()) complete.unordered_refs = unordered_refs_;
  state.worker = std::make_unique<Worker>(loop_, launcher_, environment, complete,
                                          HandlersOf(environment.name, state));
  if (!manifest_.empty()) state.worker->UseManifest(manifest_);
}

void WorkerPool::Require(const Environment& environment, const HostSetup& setup) {
  WarmUp(environment, setup);
  workers_.at(environment.name).worker->Require();
}

Worker::Handlers WorkerPool::HandlersOf(const std::string& environment,
                                        WorkerState& state) {
  Worker::Handlers handlers;
  handlers.cut = [this](std::string_view piece) { return secrets_.CutOf(piece); };
  handlers.on_progress = [this, environment](std::string_view line) {
    handlers_.on_progress(
        Text("environment '", environment, "' | ", secrets_.Masked(line)));
  };
  handlers.on_prepared = [this, &state](const HostPrepared& prepared) {
    for (const std::string& secret : prepared.secrets) secrets_.Add(secret);
    for (const std::string& name : prepared.names) secrets_.AddName(name);
    threads_ = prepared.threads;
    state.is_prepared = true;
    handlers_.on_ready();
  };
  handlers.on_failed = [this, &state](const std::string& reason) {
    state.failure = secrets_.Masked(reason);
    handlers_.on_ready();
  };
  handlers.on_exited = [this](const ScriptExited& exited) { End(exited); };
  handlers.on_gone = [this, &state] { WorkerGone(state); };
  return handlers;
}

void WorkerPool::UseManifest(const std::filesystem::path& path) {
  manifest_ = path;
  for (const auto& [name, state] : workers_) state.worker->UseManifest(path);
}

void WorkerPool::UseSelection(const std::vector<std::string>& nodes) {
  WriteAtomically(run_folder_ / "selection.json",
                  json::serialize(json::value_from(nodes)));
}

bool WorkerPool::IsReady(const std::string& environment) const {
  const auto found = workers_.find(environment);
  return found != workers_.end() &&
         (found->second.is_prepared || !found->second.failure.empty());
}

const std::string& WorkerPool::failure(const std::string& environment) const {
  static const std::string kNone;
  const auto found = workers_.find(environment);
  return found == workers_.end() ? kNone : found->second.failure;
}

WorkerPool::RunId WorkerPool::Run(const Script& script, const NodeState& node,
                                  OnOutput on_output, OnEnded on_ended) {
  WorkerState& state = workers_.at(script.environment);
  const RunId id = next_run_++;
  auto run = std::make_unique<ScriptRun>(
      loop_, script,
      [this, on_output = std::move(on_output)](std::string_view line) {
        on_output(secrets_.Masked(line));
      },
      [this](std::string_view piece) { return secrets_.CutOf(piece); });
  state.worker->Run(id, *run, node);
  running_.emplace(id, Running{std::move(run), std::move(on_ended), &state});
  if (state.worker->is_gone())
    loop_.After(std::chrono::milliseconds(0),
                [this, id] { End({id, 0, 0, "", "", false}); });
  return id;
}

void WorkerPool::Signal(RunId run, int signal) {
  const auto found = running_.find(run);
  if (found != running_.end()) found->second.state->worker->Signal(run, signal);
}

void WorkerPool::WorkerGone(const WorkerState& state) {
  std::vector<RunId> runs;
  for (const auto& [id, running] : running_) {
    if (running.state != &state) continue;
    running.run->KillGroup();
    runs.push_back(id);
  }
  for (const RunId id : runs) End({id, 0, 0, "", "", false});
}

void WorkerPool::End(const ScriptExited& exited) {
  const auto found = running_.find(exited.run);
  if (found == running_.end()) return;
  const Running running = std::move(found->second);
  running_.erase(found);
  Outcome outcome = running.run->Exited(exited);
  if (running.state->worker->is_gone() && !outcome.succeeded)
    outcome.message = running.state->failure;
  outcome.message = secrets_.Masked(outcome.message);
  outcome.traceback = secrets_.Masked(outcome.traceback);
  running.on_ended(outcome);
}

}  // namespace aft
