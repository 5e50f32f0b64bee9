// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host_shim/fd.h"

namespace aft {

/// How a process is to be started.
struct ProcessOptions {
  enum class Input { kInherited, kNull };
  enum class Output { kInherited, kCaptured };

  std::vector<std::string> argv;         ///< argv[0] is the file's path
  std::vector<std::string> environment;  ///< "NAME=value", set over the inherited ones
  Fd descriptor_3;                       ///< becomes the child's descriptor 3 when open
  Input standard_input = Input::kInherited;
  Output standard_output = Output::kInherited;
  Output standard_error = Output::kInherited;
  bool new_session = false;    ///< out of reach of the terminal's signals
  int death_signal = SIGKILL;  ///< what the child gets when this process dies
};

/// One child process, from its start until it is reaped.
///
/// The child starts with no signal blocked and with default dispositions, except for
/// those that this process was itself started to ignore. It gets its death signal when
/// this process dies, and is killed by the destructor.
class ChildProcess {
 public:
  /// Throws Error when the file can't be started.
  explicit ChildProcess(ProcessOptions options);
  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  /// The read end of what is captured, non-blocking; not open when nothing is.
  [[nodiscard]] Fd TakeOutput();

  void Signal(int signal) const;

  /// The status as from waitpid(2) once the process has ended. Never blocks.
  [[nodiscard]] std::optional<int> TryReap();

  void KillAndReap();
  /// Asks the process to end, and kills it if it hasn't by then.
  void TerminateAndReap(std::chrono::milliseconds grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aft
