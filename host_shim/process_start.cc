// SPDX-License-Identifier: Apache-2.0
#include "host_shim/process_start.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

namespace aft {

void PrepareProcess() {
  // open(2) gives the lowest number that is free.
  int fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
  if (fd >= 0) ::close(fd);
  ::signal(SIGCHLD, SIG_DFL);
}

}  // namespace aft
