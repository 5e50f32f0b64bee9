// SPDX-License-Identifier: Apache-2.0
#include "python_runtime/guardian.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace aft {
namespace {

// Less than what aft gives the guardian itself.
constexpr std::time_t kGraceSeconds = 4;

// What a shell reports for a process that a signal ended.
constexpr int kSignalBase = 128;

sigset_t AwaitedSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGTERM);
  return set;
}

/// Waits for the end of `process`, and passes a SIGTERM on to it; its status as from
/// waitpid(2).
int Await(pid_t process) {
  const sigset_t awaited = AwaitedSignals();
  bool is_terminated = false;
  int status = 0;
  while (::waitpid(process, &status, WNOHANG) == 0) {
    const timespec grace{kGraceSeconds, 0};
    const int signal = is_terminated ? ::sigtimedwait(&awaited, nullptr, &grace)
                                     : ::sigwaitinfo(&awaited, nullptr);
    if (signal == SIGTERM) {
      is_terminated = true;
      ::kill(process, SIGTERM);
    } else if (signal < 0 && errno == EAGAIN) {
      ::kill(process, SIGKILL);
    }
  }
  return status;
}

/// Kills the children of this process. False when none is found or within reach: another
/// user's is not.
bool KillChildren() {
  std::FILE* children = std::fopen("/proc/thread-self/children", "r");
  if (children == nullptr) return false;
  bool has_killed = false;
  pid_t child = 0;
  // NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion): the kernel's numbers
  while (std::fscanf(children, "%d", &child) == 1)
    has_killed |= ::kill(child, SIGKILL) == 0;
  std::fclose(children);
  return has_killed;
}

/// Kills all descendants of this process: each becomes a child when its parent is gone.
void KillDescendants() {
  while (KillChildren())
    if (::waitpid(-1, nullptr, 0) < 0 && errno != EINTR) return;
}

}  // namespace

void ContinueGuarded() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const sigset_t awaited = AwaitedSignals();
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &awaited, &before);
  const pid_t guardian = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) {
    std::fprintf(stderr, "aft-python: cannot start a process: %s\n",
                 std::strerror(errno));
    std::exit(EXIT_FAILURE);
  }
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    // The guardian may have died before that call.
    if (::getppid() != guardian) ::_exit(EXIT_FAILURE);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    return;
  }
  // The end of the new process is noticed at its descriptors, which are only its own.
  ::close_range(0, ~0U, 0);
  const int status = Await(process);
  KillDescendants();
  ::_exit(WIFSIGNALED(status) ? kSignalBase + WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace aft
