// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugin/base/event_loop.h"
#include "plugin/commands/context.h"
#include "plugin/run/run.h"

namespace aft {

/// What the host does for a session.
struct HostFunctions {
  std::function<void(int signal)> signal_child;
  RunOutput output;
};

/// One invocation of `aft`, from the command line to the exit code: starts the command
/// and passes on to its run what the host tells.
class Session {
 public:
  /// `arguments` are those after the program's name. Throws Error when they are no
  /// command.
  Session(const std::vector<std::string>& arguments, const Installation& installation,
          const HostFunctions& host);

  [[nodiscard]] int event_fd() const { return loop_.fd(); }

  /// What the host is to do; with kStart, command() says what to start.
  [[nodiscard]] Run::Next NextStep() { return run_->NextStep(); }
  [[nodiscard]] const Process& command() const { return run_->command(); }

  /// A line that a captured command has printed.
  void TakeLine(const std::string& line) { run_->TakeLine(line); }
  void CommandExited(int wait_status);
  void Dispatch() { loop_.Dispatch(); }
  void Signalled(int signal, bool came_from_terminal);
  [[nodiscard]] int exit_code() const;

 private:
  std::function<void(int signal)> signal_child_;
  EventLoop loop_;
  CommandContext context_;
  std::unique_ptr<Run> run_;
  bool is_stopped_ = false;
  bool has_lost_reader_ = false;
};

}  // namespace aft
