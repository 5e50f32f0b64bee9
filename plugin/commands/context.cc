// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/context.h"

#include <utility>

namespace aft {

CommandContext::CommandContext(EventLoop& loop, Installation installation,
                               RunOutput output, WorkerPool::Handlers handlers)
    : loop_(loop),
      installation_(std::move(installation)),
      output_(std::move(output)),
      handlers_(std::move(handlers)) {}

const std::filesystem::path& CommandContext::run_folder() {
  if (run_folder_ == nullptr) run_folder_ = std::make_unique<RunFolder>();
  return run_folder_->path();
}

WorkerPool& CommandContext::workers() {
  if (workers_ == nullptr)
    workers_ = std::make_unique<WorkerPool>(loop_, installation_.launcher, run_folder(),
                                            handlers_);
  return *workers_;
}

}  // namespace aft
