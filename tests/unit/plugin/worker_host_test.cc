// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/worker_host.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <string>

#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

// Says all it has to say before it listens, as a host does whose scripts all end at once.
constexpr const char* kTalkative = R"(#!/usr/bin/env python3
import socket
plugin = socket.socket(fileno=3)
for _ in range(200):
    plugin.send(b'{"progress": {"line": "' + b"x" * 50_000 + b'"}}')
received = 0
while received < 200:
    received += len(plugin.recv(100_000)) == 50_000
plugin.send(b'{"built": {"python": "all received"}}')
plugin.recv(1)
)";

TEST(WorkerHost, IsNotWaitedForWhileItWaitsItself) {
  const TemporaryFolder folder;
  const std::filesystem::path program = folder.Write("host", kTalkative);
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  EventLoop loop;
  int lines = 0;
  std::string built;
  WorkerHost host(loop, program, "python",
                  {[&](const HostMessage& message) {
                     if (std::holds_alternative<HostProgress>(message)) ++lines;
                     if (const auto* end = std::get_if<HostBuilt>(&message))
                       built = end->python;
                   },
                   [](std::string_view) {},
                   [] {},
                   {}});

  for (int i = 0; i < 200; ++i) host.Send(std::string(50'000, 'y'));
  pollfd entry{loop.fd(), POLLIN, 0};
  while (built.empty() && ::poll(&entry, 1, 20'000) == 1) loop.Dispatch();

  EXPECT_EQ(built, "all received");
  EXPECT_EQ(lines, 200);
}

}  // namespace
}  // namespace aft
