// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace aft {

/// Whether this process, and what it starts, ignores `signal`. A parent may have set
/// that: nohup does so with SIGHUP, a shell with SIGINT for commands in a script's
/// background.
inline bool IsIgnored(int signal) {
  struct sigaction inherited{};
  return ::sigaction(signal, nullptr, &inherited) == 0 && inherited.sa_handler == SIG_IGN;
}

}  // namespace aft
