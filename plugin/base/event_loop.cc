// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/event_loop.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "host_shim/error.h"

namespace aft {
namespace {

constexpr std::uint64_t kTimerId = 0;

}  // namespace

EventLoop::EventLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (!epoll_.IsOpen() || !timer_.IsOpen())
    throw Error(Text("cannot set up the event loop: ", std::strerror(errno)));
  Control(EPOLL_CTL_ADD, kTimerId, Watched{timer_.get(), {}, {}});
}

void EventLoop::Control(int operation, std::uint64_t id, const Watched& watched) {
  epoll_event event{};
  event.events = EPOLLIN | (watched.on_writable ? static_cast<unsigned>(EPOLLOUT) : 0U);
  event.data.u64 = id;
  if (::epoll_ctl(epoll_.get(), operation, watched.fd, &event) != 0)
    throw Error(Text("cannot watch descriptor ", watched.fd, ": ", std::strerror(errno)));
}

std::map<std::uint64_t, EventLoop::Watched>::iterator EventLoop::Find(int fd) {
  return std::find_if(watched_.begin(), watched_.end(),
                      [fd](const auto& entry) { return entry.second.fd == fd; });
}

void EventLoop::Watch(int fd, Callback on_readable) {
  const std::uint64_t id = next_id_++;
  const auto [entry, inserted] =
      watched_.emplace(id, Watched{fd, std::move(on_readable), {}});
  Control(EPOLL_CTL_ADD, id, entry->second);
}

void EventLoop::WatchWritable(int fd, Callback on_writable) {
  const auto found = Find(fd);
  if (found == watched_.end()) return;
  found->second.on_writable = std::move(on_writable);
  Control(EPOLL_CTL_MOD, found->first, found->second);
}

void EventLoop::Unwatch(int fd) {
  const auto found = Find(fd);
  if (found == watched_.end()) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  watched_.erase(found);
}

EventLoop::TimerId EventLoop::After(std::chrono::milliseconds delay, Callback callback) {
  const TimerId timer{Clock::now() + delay, next_id_++};
  timers_.emplace(timer, std::move(callback));
  SetTimer();
  return timer;
}

void EventLoop::Cancel(const TimerId& timer) {
  timers_.erase(timer);
  SetTimer();
}

void EventLoop::SetTimer() {
  itimerspec spec{};
  if (!timers_.empty()) {
    const auto left = timers_.begin()->first.first - Clock::now();
    // A zero would disarm the timer instead of letting it fire at once.
    const auto nanoseconds = std::max<std::int64_t>(
        1, std::chrono::duration_cast<std::chrono::nanoseconds>(left).count());
    spec.it_value.tv_sec = nanoseconds / 1'000'000'000;
    spec.it_value.tv_nsec = nanoseconds % 1'000'000'000;
  }
  ::timerfd_settime(timer_.get(), 0, &spec, nullptr);
}

void EventLoop::RunTimers() {
  const auto now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    const Callback callback = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    callback();
  }
  SetTimer();
}

void EventLoop::Dispatch() {
  std::array<epoll_event, 64> events{};
  const int count =
      ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<std::size_t>(i));
    if (event.data.u64 == kTimerId) {
      RunTimers();
      continue;
    }
    // A callback may unwatch any descriptor, this one included: each is looked up anew
    // and copied before it is called.
    if ((event.events & EPOLLOUT) != 0) {
      const auto found = watched_.find(event.data.u64);
      if (found != watched_.end() && found->second.on_writable) {
        const Callback callback = found->second.on_writable;
        callback();
      }
    }
    if ((event.events & ~static_cast<unsigned>(EPOLLOUT)) != 0) {
      const auto found = watched_.find(event.data.u64);
      if (found == watched_.end()) continue;
      const Callback callback = found->second.on_readable;
      callback();
    }
  }
}

}  // namespace aft
