// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace aft {

/// A process for the host to start.
struct Process {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  ///< "NAME=value", set over aft's own
  bool is_captured = false;              ///< its standard output comes to us
};

/// Where a run writes text for people.
struct RunOutput {
  std::function<void(const std::string& text)> write_output;
  std::function<void(const std::string& text)> write_error;
};

/// What a command of aft does: it has processes started, one after another, and ends with
/// an exit code.
class Run {
 public:
  enum class Next { kStart, kWait, kEnd };

  Run() = default;
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  virtual ~Run() = default;

  /// With kStart, command() is to be started. Asked whenever something has happened while
  /// no command runs.
  [[nodiscard]] virtual Next NextStep() = 0;
  [[nodiscard]] virtual const Process& command() const = 0;

  /// A line that a captured command has printed.
  virtual void TakeLine(const std::string& /*line*/) {}
  /// With the exit code as a shell reports it: that of a command which a signal has ended
  /// is 128 and the signal's number.
  virtual void CommandExited(int exit_code) = 0;

  /// It is known of one more environment whether its scripts can run.
  virtual void HostIsReady() {}
  /// A line for people about an environment that is being built.
  virtual void HostSays(const std::string& /*line*/) {}

  /// Stops all scripts, and starts nothing more. The command has had a signal of its own.
  virtual void Interrupt() {}

  /// Whether the run is stopped when nobody reads its output any more. Without scripts it
  /// goes on, as dbt does.
  [[nodiscard]] virtual bool StopsWithoutReader() const { return false; }
  /// Whether the command may have queries at work, which it cancels on SIGINT only.
  [[nodiscard]] virtual bool MayHaveQueries() const { return true; }

  /// Known when the next step is kEnd.
  [[nodiscard]] virtual int exit_code() const = 0;
};

}  // namespace aft
