// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/send_queue.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

constexpr std::size_t kMostDescriptors = 2;

// What the kernel itself needs of a send buffer for each packet.
constexpr int kPacketOverhead = 32;

// The kernel does not tell when it has memory again, or room for more descriptors that
// are under way (ETOOMANYREFS).
constexpr std::chrono::milliseconds kRetryDelay{50};

int Option(const Fd& socket, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(socket.get(), SOL_SOCKET, option, &value, &size) != 0)
    throw Error(Text("cannot use a socket: ", std::strerror(errno)));
  return value;
}

std::size_t LargestMessage(const Fd& socket) {
  if (Option(socket, SO_TYPE) == SOCK_STREAM)
    return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(Option(socket, SO_SNDBUF) - kPacketOverhead);
}

}  // namespace

SendQueue::SendQueue(EventLoop& loop, const Fd& socket)
    : loop_(loop), socket_(socket), largest_message_(LargestMessage(socket)) {}

SendQueue::~SendQueue() {
  if (retry_) loop_.Cancel(*retry_);
}

void SendQueue::Send(std::string bytes, std::vector<Fd> descriptors) {
  if (bytes.size() > largest_message_)
    throw Error(Text("cannot send a message of ", bytes.size(), " bytes: at most ",
                     largest_message_, " fit into one"));
  if (bytes.empty()) return;
  unsent_ += bytes.size();
  messages_.push_back({std::move(bytes), std::move(descriptors)});
  // What waits goes first.
  if (!is_watching_ && !retry_) Flush();
}

void SendQueue::Flush() {
  while (!messages_.empty() && SendFirst()) continue;
  if (messages_.empty()) return WatchWritable(false);
  switch (errno) {
    case EAGAIN:
      return WatchWritable(true);
    case ENOBUFS:
    case ENOMEM:
    case ETOOMANYREFS:
      WatchWritable(false);
      retry_ = loop_.After(kRetryDelay, [this] {
        retry_.reset();
        Flush();
      });
      return;
    default:
      return GiveUp();
  }
}

bool SendQueue::SendFirst() {
  Message& message = messages_.front();
  iovec bytes{message.bytes.data(), message.bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  std::array<int, kMostDescriptors> descriptors{};
  const std::size_t size = message.descriptors.size() * sizeof(int);
  for (std::size_t i = 0; i < message.descriptors.size(); ++i)
    descriptors.at(i) = message.descriptors[i].get();
  if (size > 0) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(size);
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(rights), descriptors.data(), size);
  }
  const ssize_t count = ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0) return errno == EINTR;
  unsent_ -= static_cast<std::size_t>(count);
  message.bytes.erase(0, static_cast<std::size_t>(count));
  message.descriptors.clear();
  if (message.bytes.empty()) messages_.pop_front();
  return true;
}

/// The peer is gone, or the socket is of no use: its owner reads its end either way.
void SendQueue::GiveUp() {
  ::shutdown(socket_.get(), SHUT_RDWR);
  messages_.clear();
  unsent_ = 0;
  WatchWritable(false);
}

void SendQueue::WatchWritable(bool is_wanted) {
  if (std::exchange(is_watching_, is_wanted) == is_wanted) return;
  loop_.WatchWritable(socket_.get(),
                      is_wanted ? EventLoop::Callback([this] { Flush(); }) : nullptr);
}

}  // namespace aft
