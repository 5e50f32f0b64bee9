// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "plugin/base/event_loop.h"
#include "plugin/run/run.h"
#include "plugin/workers/run_folder.h"
#include "plugin/workers/worker_pool.h"

namespace aft {

/// Where the parts of an installation are; absolute.
struct Installation {
  std::filesystem::path launcher;         ///< the program aft-python
  std::filesystem::path package_folder;   ///< holds the package `aft`
  std::filesystem::path gate_folder;      ///< holds dbt_aft.py alone
  std::filesystem::path question_folder;  ///< holds the package `dbt` that answers for it
};

/// What commands start with. Whatever costs something is made when it is first asked for.
class CommandContext {
 public:
  /// `handlers` are those of the workers. `loop` outlives this object.
  CommandContext(EventLoop& loop, Installation installation, RunOutput output,
                 WorkerPool::Handlers handlers);

  [[nodiscard]] EventLoop& loop() { return loop_; }
  [[nodiscard]] const Installation& installation() const { return installation_; }
  [[nodiscard]] const RunOutput& output() const { return output_; }

  [[nodiscard]] const std::filesystem::path& run_folder();
  [[nodiscard]] WorkerPool& workers();

 private:
  EventLoop& loop_;
  Installation installation_;
  RunOutput output_;
  WorkerPool::Handlers handlers_;
  std::unique_ptr<RunFolder> run_folder_;
  std::unique_ptr<WorkerPool> workers_;
};

}  // namespace aft
