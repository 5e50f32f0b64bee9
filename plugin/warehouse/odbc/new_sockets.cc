// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/odbc/new_sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>

namespace aft {
namespace {

constexpr int kProbes = 3;

std::set<int> OpenDescriptors() {
  std::set<int> descriptors;
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  for (; !error && entries != std::filesystem::directory_iterator();
       entries.increment(error)) {
    descriptors.insert(std::stoi(entries->path().filename().string()));
  }
  // The list's own is among them, whose number the next socket may get.
  entries = {};
  std::erase_if(descriptors,
                [](int descriptor) { return ::fcntl(descriptor, F_GETFD) < 0; });
  return descriptors;
}

/// 0 where it cannot be told.
int Option(int descriptor, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, level, name, &value, &size) == 0 ? value : 0;
}

void Set(int descriptor, int level, int name, int value) {
  ::setsockopt(descriptor, level, name, &value, sizeof value);
}

void Shorten(int descriptor, int name, int value) {
  const int present = Option(descriptor, IPPROTO_TCP, name);
  // In tcp(7), 0 stands for the system's default, which is longer.
  if (present == 0 || present > value) Set(descriptor, IPPROTO_TCP, name, value);
}

}  // namespace

NewSockets::NewSockets() : known_descriptors_(OpenDescriptors()) {}

void NewSockets::LimitSilence(std::chrono::seconds longest_silence) const {
  const auto seconds = static_cast<int>(longest_silence.count());
  for (const int descriptor : OpenDescriptors()) {
    const bool is_tcp = Option(descriptor, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP;
    if (!is_tcp || known_descriptors_.count(descriptor) > 0) continue;
    Set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    Shorten(descriptor, TCP_KEEPIDLE, std::max(seconds / 2, 1));
    Shorten(descriptor, TCP_KEEPINTVL, std::max(seconds / 2 / kProbes, 1));
    Shorten(descriptor, TCP_KEEPCNT, kProbes);
    Shorten(descriptor, TCP_USER_TIMEOUT, seconds * 1000);
  }
}

}  // namespace aft
