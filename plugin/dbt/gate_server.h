// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host_shim/fd.h"
#include "plugin/base/event_loop.h"

namespace aft {

/// The plugin's end of the gate: a Unix socket to which each of dbt's threads connects.
///
/// Knows lines and who sent them, and nothing of what they say. Only processes of this
/// user get in, and none stays that sends without end or takes no answers.
class GateServer {
 public:
  using ConnectionId = std::uint64_t;

  struct Handlers {
    /// False when the peer does not keep to the protocol: its connection is closed.
    std::function<bool(ConnectionId, std::string_view line)> on_line;
    std::function<void(ConnectionId)> on_closed;
  };

  /// Listens at `path`, which must not exist. `loop` outlives this object.
  GateServer(EventLoop& loop, const std::filesystem::path& path, Handlers handlers);
  GateServer(const GateServer&) = delete;
  GateServer& operator=(const GateServer&) = delete;
  ~GateServer();

  /// Sends `line` and a line end. Nothing happens when that connection has closed.
  void Send(ConnectionId id, std::string_view line);

 private:
  struct Connection;

  void Listen();
  void Accept();
  void PauseListening();
  void Receive(ConnectionId id);
  void Close(ConnectionId id);

  EventLoop& loop_;
  Handlers handlers_;
  Fd listener_;
  std::optional<EventLoop::TimerId> pause_;  ///< while there is no descriptor to be had
  ConnectionId next_id_ = 1;
  std::map<ConnectionId, std::unique_ptr<Connection>> connections_;
};

}  // namespace aft
