// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "host_shim/fd.h"
#include "plugin/base/event_loop.h"

namespace aft {

/// Sends to a Unix socket in order and never blocks: what the socket does not take now
/// waits here until the event loop says that it does.
///
/// On a socket of SOCK_SEQPACKET each message is a packet of its own. Does not notice
/// that the peer is gone: its owner reads from the socket and learns it there.
class SendQueue {
 public:
  /// `socket` is watched by `loop` for as long as this object is used; both outlive it.
  SendQueue(EventLoop& loop, const Fd& socket);
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;
  ~SendQueue();

  /// Sends `bytes`, and with the first of them at most 2 `descriptors`, which it keeps
  /// until then. Throws Error for a packet that no socket of this kind takes.
  void Send(std::string bytes, std::vector<Fd> descriptors = {});

  /// How many bytes wait here.
  [[nodiscard]] std::size_t unsent() const { return unsent_; }

 private:
  struct Message {
    std::string bytes;
    std::vector<Fd> descriptors;
  };

  void Flush();
  /// Whether the socket has taken some of the first message. Otherwise errno says why
  /// not.
  bool SendFirst();
  void GiveUp();
  void WatchWritable(bool is_wanted);

  EventLoop& loop_;
  const Fd& socket_;
  std::size_t largest_message_;
  std::deque<Message> messages_;
  std::size_t unsent_ = 0;
  bool is_watching_ = false;
  std::optional<EventLoop::TimerId> retry_;
};

}  // namespace aft
