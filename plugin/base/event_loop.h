// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "host_shim/fd.h"

namespace aft {

/// Calls back when a descriptor can be read or written and when a time has come.
///
/// Belongs to one thread and never blocks: whoever owns the loop waits for fd() to
/// become readable and then calls Dispatch().
class EventLoop {
 public:
  using Callback = std::function<void()>;
  using Clock = std::chrono::steady_clock;
  using TimerId = std::pair<Clock::time_point, std::uint64_t>;

  EventLoop();

  /// Readable while Dispatch() has something to do.
  [[nodiscard]] int fd() const { return epoll_.get(); }

  /// Calls `on_readable` whenever `fd` has bytes, a connection or its end to read.
  void Watch(int fd, Callback on_readable);

  /// Calls `on_writable` while `fd` takes bytes; an empty callback ends that. `fd` must
  /// be watched.
  void WatchWritable(int fd, Callback on_writable);

  /// To be called before `fd` is closed.
  void Unwatch(int fd);

  TimerId After(std::chrono::milliseconds delay, Callback callback);
  void Cancel(const TimerId& timer);

  /// Runs the callbacks of everything that is ready now.
  void Dispatch();

 private:
  struct Watched {
    int fd;
    Callback on_readable;
    Callback on_writable;
  };

  void RunTimers();
  void SetTimer();
  void Control(int operation, std::uint64_t id, const Watched& watched);
  std::map<std::uint64_t, Watched>::iterator Find(int fd);

  Fd epoll_;
  Fd timer_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, Watched> watched_;
  std::map<TimerId, Callback> timers_;
};

}  // namespace aft
