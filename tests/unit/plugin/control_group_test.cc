// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/control_group.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "host_shim/fd.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

/// A new group named as a worker host's, and locked like one, so that no run of aft takes
/// it for a leftover; empty where none can be made.
fs::path MakeGroup(Fd& lock) {
  for (const char* place : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    std::string name = fs::path(place) / "aft-scripts-test-XXXXXX";
    if (::access((fs::path(place) / "cgroup.procs").c_str(), W_OK) == 0 &&
        ::mkdtemp(name.data()) != nullptr) {
      lock = Fd(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      EXPECT_EQ(::flock(lock.get(), LOCK_EX), 0);
      return name;
    }
  }
  return {};
}

/// A process that waits in `group` until it is killed.
pid_t StartIn(const fs::path& group) {
  std::array<int, 2> is_there{};
  EXPECT_EQ(::pipe(is_there.data()), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::ofstream(group / "cgroup.procs") << "0" << std::flush;
    ::close(is_there[0]);
    ::close(is_there[1]);
    while (true) ::pause();
  }
  ::close(is_there[1]);
  char end = 0;
  EXPECT_EQ(::read(is_there[0], &end, 1), 0);
  ::close(is_there[0]);
  return pid;
}

TEST(ControlGroup, EndsWithWhatIsInItAndBelowIt) {
  Fd lock;
  const fs::path folder = MakeGroup(lock);
  if (folder.empty()) GTEST_SKIP() << "no control group can be made here";
  fs::create_directories(folder / "script-1" / "inner");
  if (!fs::exists(folder / "cgroup.kill")) {
    const ControlGroup removed(folder);
    GTEST_SKIP() << "control groups can't kill here";
  }
  const pid_t process = StartIn(folder / "script-1" / "inner");

  {
    const ControlGroup group(folder);
  }

  int status = 0;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_FALSE(fs::exists(folder));
}

TEST(ControlGroup, LeavesAloneWhatIsNotNamedAsOne) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() / "system.slice");

  {
    const ControlGroup group(folder.path() / "system.slice");
  }

  EXPECT_TRUE(fs::exists(folder.path() / "system.slice"));
}

TEST(ControlGroup, NeverTakesTheWorkingFolderForOne) {
  const TemporaryFolder folder;
  folder.Write("cgroup.kill", "mine");
  folder.Write("aft-scripts-1-a/cgroup.kill", "mine");
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());

  for (const char* name : {"", "elsewhere", "aft-scripts-1-a"}) {
    const ControlGroup group{name};
    group.Kill();
  }
  fs::current_path(before);

  EXPECT_EQ(folder.Read("cgroup.kill"), "mine");
  EXPECT_EQ(folder.Read("aft-scripts-1-a/cgroup.kill"), "mine");
}

TEST(ControlGroup, IsContentWhenItsHostHasRemovedIt) {
  const TemporaryFolder folder;

  const ControlGroup group(folder.path() / "aft-scripts-1-a");
  group.Kill();

  EXPECT_FALSE(fs::exists(folder.path() / "aft-scripts-1-a"));
}

}  // namespace
}  // namespace aft
