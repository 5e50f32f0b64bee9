// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host_shim/fd.h"
#include "host_shim/line_splitter.h"
#include "plugin/base/event_loop.h"
#include "plugin/scripts/outcome.h"
#include "plugin/workers/worker_message.h"

namespace aft {

/// One script from its hand-over to its outcome, as seen on its own two channels: what
/// its process reports and what it prints. That the process has ended is said by its
/// host.
class ScriptRun {
 public:
  /// `cut` says where a line that is too long may be cut.
  ScriptRun(EventLoop& loop, Script script,
            std::function<void(std::string_view line)> on_output,
            LineSplitter::Cut cut = {});
  ScriptRun(const ScriptRun&) = delete;
  ScriptRun& operator=(const ScriptRun&) = delete;
  ~ScriptRun();

  [[nodiscard]] const Script& script() const { return script_; }

  /// Gives away the script's ends of its two channels: control and output.
  [[nodiscard]] std::vector<Fd> HandOver();

  /// Kills the script's process group. For when its host, which reaps what is left of a
  /// script, has died before it.
  void KillGroup();

  /// Reads what is left on the channels and says how the script ended.
  [[nodiscard]] Outcome Exited(const ScriptExited& exited);

 private:
  void ReceiveReport();
  void Take(std::string_view packet);
  void Take(const ScriptMessage& message);
  void CloseControl();
  void ReceiveOutput();

  EventLoop& loop_;
  Script script_;
  std::function<void(std::string_view line)> on_output_;
  Fd control_;
  Fd script_control_;
  Fd output_;
  Fd script_output_;
  LineSplitter lines_;
  Outcome outcome_;
  int process_group_ = 0;
  bool has_reported_ = false;
  bool is_garbled_ = false;
  bool has_written_ = false;
  int appends_ = 0;  ///< those that were begun and not surely undone
  ScriptMoved moved_{};
};

}  // namespace aft
