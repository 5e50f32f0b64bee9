// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/odbc/new_sockets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "host_shim/fd.h"

namespace aft {
namespace {

Fd MakeSocket() { return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

int Option(const Fd& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket.get(), level, name, &value, &size), 0);
  return value;
}

TEST(NewSockets, AreEndedAfterASilence) {
  const Fd old = MakeSocket();
  const NewSockets sockets;
  // Gets the lowest number that is free.
  const Fd made = MakeSocket();
  const Fd impatient = MakeSocket();
  const int shorter = 5;
  ::setsockopt(impatient.get(), IPPROTO_TCP, TCP_KEEPIDLE, &shorter, sizeof shorter);

  sockets.LimitSilence(std::chrono::seconds(60));

  EXPECT_EQ(Option(made, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(Option(made, IPPROTO_TCP, TCP_KEEPIDLE), 30);
  EXPECT_EQ(Option(made, IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(Option(made, IPPROTO_TCP, TCP_KEEPCNT), 3);
  EXPECT_EQ(Option(made, IPPROTO_TCP, TCP_USER_TIMEOUT), 60'000);
  EXPECT_EQ(Option(impatient, IPPROTO_TCP, TCP_KEEPIDLE), 5);
  EXPECT_EQ(Option(old, SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(Option(old, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
}

}  // namespace
}  // namespace aft
