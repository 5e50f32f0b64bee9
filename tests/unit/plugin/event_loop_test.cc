// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <string>

namespace aft {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
      read = Fd(ends[0]);
      write = Fd(ends[1]);
    }
  }
  Fd read;
  Fd write;
};

bool IsReadable(int fd, int milliseconds) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, milliseconds) == 1;
}

TEST(EventLoop, IsReadableOnceSomethingWatchedIs) {
  EventLoop loop;
  const Pipe pipe;
  int calls = 0;
  loop.Watch(pipe.read.get(), [&] { ++calls; });
  EXPECT_FALSE(IsReadable(loop.fd(), 0));

  ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1);
  EXPECT_TRUE(IsReadable(loop.fd(), 0));
  loop.Dispatch();

  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, ForgetsWhatIsUnwatchedEvenFromWithinACallback) {
  EventLoop loop;
  const Pipe first;
  const Pipe second;
  int calls = 0;
  const auto unwatch_both = [&] {
    ++calls;
    loop.Unwatch(first.read.get());
    loop.Unwatch(second.read.get());
  };
  loop.Watch(first.read.get(), unwatch_both);
  loop.Watch(second.read.get(), unwatch_both);

  ASSERT_EQ(::write(first.write.get(), "x", 1), 1);
  ASSERT_EQ(::write(second.write.get(), "x", 1), 1);
  loop.Dispatch();

  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, RunsTimersInTheOrderOfTheirTimes) {
  EventLoop loop;
  std::string order;
  loop.After(std::chrono::milliseconds(20), [&] { order += "b"; });
  loop.After(std::chrono::milliseconds(1), [&] { order += "a"; });
  const EventLoop::TimerId cancelled =
      loop.After(std::chrono::milliseconds(2), [&] { order += "x"; });
  loop.Cancel(cancelled);

  while (order.size() < 2 && IsReadable(loop.fd(), 5000)) loop.Dispatch();

  EXPECT_EQ(order, "ab");
  EXPECT_FALSE(IsReadable(loop.fd(), 0));
}

TEST(EventLoop, CallsBackWhileADescriptorTakesBytes) {
  EventLoop loop;
  const Pipe pipe;
  int calls = 0;
  loop.Watch(pipe.write.get(), [] {});
  loop.WatchWritable(pipe.write.get(), [&] {
    ++calls;
    loop.WatchWritable(pipe.write.get(), {});
  });

  loop.Dispatch();
  loop.Dispatch();

  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace aft
