// SPDX-License-Identifier: Apache-2.0
#include "plugin/run/plain_run.h"

#include <utility>

#include "host_shim/error.h"

namespace aft {

PlainRun::PlainRun(Process process, RunOutput output, Check check,
                   std::function<void()> at_end)
    : process_(std::move(process)),
      output_(std::move(output)),
      check_(std::move(check)),
      at_end_(std::move(at_end)) {}

Run::Next PlainRun::NextStep() {
  if (!std::exchange(has_started_, true)) return Next::kStart;
  return has_exited_ ? Next::kEnd : Next::kWait;
}

void PlainRun::CommandExited(int exit_code) {
  has_exited_ = true;
  exit_code_ = exit_code;
  if (at_end_ != nullptr) at_end_();
  if (exit_code != 0 || check_ == nullptr) return;
  const std::string problem = check_();
  if (problem.empty()) return;
  output_.write_error(Text("aft: ", problem, "\n"));
  exit_code_ = 1;
}

}  // namespace aft
