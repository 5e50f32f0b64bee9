// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "plugin/run/run.h"

namespace aft {

/// Writes a text for people, and starts nothing.
class TextRun final : public Run {
 public:
  using Write = std::function<void(const std::string& text)>;

  TextRun(std::string text, Write write, int exit_code);

  [[nodiscard]] Next NextStep() override;
  [[nodiscard]] const Process& command() const override { return nothing_; }
  void CommandExited(int /*exit_code*/) override {}
  [[nodiscard]] int exit_code() const override { return exit_code_; }

 private:
  std::string text_;
  Write write_;
  int exit_code_;
  Process nothing_;
};

}  // namespace aft
