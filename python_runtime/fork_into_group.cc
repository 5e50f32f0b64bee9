// SPDX-License-Identifier: Apache-2.0
#include "python_runtime/fork_into_group.h"

#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace aft {
namespace {

/// What a copy of this process tells the original.
struct Told {
  pid_t process;
  int error;
};

std::uint64_t AddressOf(const void* object) {
  return reinterpret_cast<std::uintptr_t>(object);
}

/// What the C library has told the kernel of a thread: where its id is, and the mutexes
/// that others are to be told of when it ends.
struct ThreadState {
  int* id = nullptr;
  void* mutexes = nullptr;
  std::size_t mutexes_size = 0;

  [[nodiscard]] bool Read() {
    return ::prctl(PR_GET_TID_ADDRESS, &id) == 0 &&
           ::syscall(SYS_get_robust_list, 0, &mutexes, &mutexes_size) == 0;
  }
};

/// Whether clone3(2) is there: a filter that can't look at its arguments refuses it.
bool CanClone() { return ::syscall(SYS_clone3, nullptr, 0) < 0 && errno == EINVAL; }

/// Goes on in a process in `group` that is a child of this one's parent. False in this
/// process, which is not needed any more.
bool ContinueInGroup(int group, const ThreadState& thread, Told& told) {
  // Brings the page here, for the kernel takes no notice when it can't write there.
  told = {};
  clone_args arguments{};
  arguments.flags = CLONE_INTO_CGROUP | CLONE_PARENT | CLONE_PARENT_SETTID |
                    CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
  arguments.cgroup = static_cast<std::uint64_t>(group);
  arguments.parent_tid = AddressOf(&told.process);
  arguments.child_tid = AddressOf(thread.id);
  if (::syscall(SYS_clone3, &arguments, sizeof arguments) == 0) {
    // A process that the original knows nothing of must do nothing.
    if (told.process != ::getpid()) ::_exit(1);
    ::syscall(SYS_set_robust_list, thread.mutexes, thread.mutexes_size);
    return true;
  }
  // Read only where no process was made.
  told.error = errno;
  return false;
}

void WaitForEnd(pid_t process) {
  while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace

pid_t ForkIntoGroup(int group) {
  ThreadState thread;
  if (!thread.Read() || !CanClone()) return -1;
  void* page = ::mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return -1;
  Told& told = *static_cast<Told*>(page);
  // Libraries prepare themselves for the C library's fork() alone, which knows no groups.
  // So that makes a process that does nothing but go on in another.
  pid_t process = ::fork();
  if (process == 0) {
    if (!ContinueInGroup(group, thread, told)) ::_exit(0);
  } else if (process > 0) {
    WaitForEnd(process);
    process = told.process > 0 ? told.process : -1;
    // Without a reason, it was killed before it could give one.
    errno = told.error != 0 ? told.error : EAGAIN;
  }
  ::munmap(page, sizeof(Told));
  return process;
}

}  // namespace aft
