// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host_shim/child_process.h"
#include "host_shim/fd.h"
#include "host_shim/line_splitter.h"
#include "plugin/base/event_loop.h"
#include "plugin/base/send_queue.h"
#include "plugin/workers/worker_message.h"

namespace aft {

/// One worker host: the process in which a Python environment is kept warm and from which
/// scripts are forked.
///
/// Carries messages; what they are about is the Worker's. The host and its scripts end
/// with this object, and with this process, however it ends.
class WorkerHost {
 public:
  struct Handlers {
    std::function<void(const HostMessage&)> on_message;
    std::function<void(std::string_view line)> on_output;  ///< of the host's own
    std::function<void()> on_gone;
    LineSplitter::Cut cut;  ///< says where a line of that may be cut
  };

  /// Starts `program` (aft-python) with `python`, the interpreter of the environment.
  WorkerHost(EventLoop& loop, const std::filesystem::path& program,
             const std::string& python, Handlers handlers);
  WorkerHost(const WorkerHost&) = delete;
  WorkerHost& operator=(const WorkerHost&) = delete;
  ~WorkerHost();

  /// Sends a message made by the functions of worker_message.h; a RunMessage() with the
  /// script's ends of its two channels. Never waits for the host.
  void Send(std::string message, std::vector<Fd> descriptors = {});

 private:
  struct Channels {
    Fd socket;
    Fd output;
    ChildProcess process;
  };

  static Channels Start(const std::filesystem::path& program, const std::string& python);
  void Receive();
  void ReceiveOutput();
  void CloseOutput();

  EventLoop& loop_;
  Handlers handlers_;
  LineSplitter lines_;
  Channels channels_;
  SendQueue queue_;
};

/// One packet from `socket`, which is of SOCK_SEQPACKET: its bytes, empty at the other
/// side's end. False when there is none now.
bool ReceivePacket(const Fd& socket, std::string& packet);

}  // namespace aft
