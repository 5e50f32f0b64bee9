// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/send_queue.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "host_shim/error.h"

namespace aft {
namespace {

/// A queue, and the other end of its socket, which nobody reads but the test.
class SendQueueOf : public ::testing::TestWithParam<int> {
 protected:
  SendQueueOf() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, GetParam() | SOCK_CLOEXEC, 0, ends.data()), 0);
    socket_ = Fd(ends[0]);
    peer_ = Fd(ends[1]);
    loop_.Watch(socket_.get(), [] {});
    queue_.emplace(loop_, socket_);
  }

  /// All that arrives, until `size` bytes have; descriptors are counted and closed.
  std::string ReceiveAll(std::size_t size) {
    std::string received;
    pollfd entry{loop_.fd(), POLLIN, 0};
    while (received.size() < size) {
      while (::poll(&entry, 1, 0) == 1) loop_.Dispatch();
      if (!Receive(received)) break;
    }
    return received;
  }

  bool Receive(std::string& received) {
    std::array<char, 131072> bytes{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
    iovec vector{bytes.data(), bytes.size()};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(peer_.get(), &header, MSG_DONTWAIT);
    if (count <= 0) return false;
    received.append(bytes.data(), static_cast<std::size_t>(count));
    const cmsghdr* rights = CMSG_FIRSTHDR(&header);
    if (rights == nullptr) return true;
    std::vector<int> numbers((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(numbers.data(), CMSG_DATA(rights), numbers.size() * sizeof(int));
    for (const int number : numbers) {
      const Fd received_descriptor(number);
      ++descriptors_;
    }
    return true;
  }

  EventLoop loop_;
  Fd socket_;
  Fd peer_;
  std::optional<SendQueue> queue_;
  int descriptors_ = 0;
};

INSTANTIATE_TEST_SUITE_P(, SendQueueOf, testing::Values(SOCK_STREAM, SOCK_SEQPACKET));

TEST_P(SendQueueOf, NeverWaitsForAPeerThatReadsNothing) {
  std::string sent;

  for (int i = 0; i < 500; ++i) {
    std::string message = std::to_string(i) + std::string(10'000, '.');
    sent += message;
    queue_->Send(std::move(message));
  }

  EXPECT_GT(queue_->unsent(), 0U);
  EXPECT_EQ(ReceiveAll(sent.size()), sent);
  EXPECT_EQ(queue_->unsent(), 0U);
}

TEST_P(SendQueueOf, KeepsDescriptorsUntilTheirMessageGoes) {
  queue_->Send(std::string(100'000, 'a'));
  for (int i = 0; i < 20; ++i) {
    std::vector<Fd> descriptors;
    for (int n = 0; n < 2; ++n) descriptors.emplace_back(::dup(peer_.get()));
    queue_->Send(std::string(50'000, 'b'), std::move(descriptors));
  }

  EXPECT_EQ(ReceiveAll(1'100'000).size(), 1'100'000U);

  EXPECT_EQ(descriptors_, 40);
}

TEST_P(SendQueueOf, EndsItsSocketWhenThePeerIsGone) {
  peer_.Close();

  queue_->Send("nobody");
  queue_->Send("reads this");

  EXPECT_EQ(queue_->unsent(), 0U);
  char byte = 0;
  EXPECT_EQ(::recv(socket_.get(), &byte, 1, MSG_DONTWAIT), 0);
}

TEST_P(SendQueueOf, RefusesAPacketThatIsTooLarge) {
  const std::string message(10 << 20, 'x');

  if (GetParam() == SOCK_SEQPACKET)
    EXPECT_THROW(queue_->Send(message), Error);
  else
    queue_->Send(message);
}

}  // namespace
}  // namespace aft
