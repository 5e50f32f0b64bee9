// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "plugin/run/run.h"

namespace aft {

/// One process whose exit code is that of the run: dbt as it was typed, for example.
/// Nobody follows what it does.
class PlainRun final : public Run {
 public:
  /// Finds what is wrong after a process that has ended with 0; empty where nothing is.
  using Check = std::function<std::string()>;

  /// `at_end` is called after any process, before `check`.
  PlainRun(Process process, RunOutput output, Check check = nullptr,
           std::function<void()> at_end = nullptr);

  [[nodiscard]] Next NextStep() override;
  [[nodiscard]] const Process& command() const override { return process_; }
  void CommandExited(int exit_code) override;
  [[nodiscard]] int exit_code() const override { return exit_code_; }

 private:
  Process process_;
  RunOutput output_;
  Check check_;
  std::function<void()> at_end_;
  bool has_started_ = false;
  bool has_exited_ = false;
  int exit_code_ = 0;
};

}  // namespace aft
