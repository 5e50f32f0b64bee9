// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host_shim/child_process.h"
#include "host_shim/fd.h"
#include "host_shim/line_splitter.h"
#include "host_shim/plugin_library.h"

namespace aft {

/// Runs the processes that a plugin asks for and carries their output, their ends and all
/// signals to it. Has no opinion on any of them.
class Host {
 public:
  /// Blocks the signals that it passes on, and no others, for the whole process.
  explicit Host(PluginLibrary& plugin);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() = default;

  /// The functions for the plugin; good as long as this object.
  [[nodiscard]] const aft_host& functions() const { return functions_; }

  /// Runs until the plugin is done; returns the exit code, which is not 0 where some of
  /// the plugin's output could not be written. Throws Error when the plugin fails; no
  /// process is left then.
  int Run();

 private:
  void Write(int fd, std::string_view bytes);
  void StartNext();
  void Wait();
  void ReceiveSignals();
  void GiveSignal(int signal, int32_t origin);
  void ReceiveOutput();
  void GiveLine(std::string_view line);
  void CloseOutput();
  void ReapChild();
  void Check(aft_status status, const aft_error& error);
  void StopChild();

  PluginLibrary& plugin_;
  aft_host functions_;
  Fd signals_;
  int pipe_;  ///< standard output, where that is a pipe with a reader; or -1
  std::unique_ptr<ChildProcess> child_;
  Fd output_;
  LineSplitter lines_;
  bool is_done_ = false;
  std::string problem_;  ///< why output is missing; empty while all is there
};

}  // namespace aft
