// SPDX-License-Identifier: Apache-2.0
#include "host_shim/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <utility>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

ProcessOptions Shell(const std::string& command) {
  ProcessOptions options;
  options.argv = {"/bin/sh", "-c", command};
  options.standard_output = ProcessOptions::Output::kCaptured;
  return options;
}

/// What the process prints until its output is at its end.
std::string OutputOf(ChildProcess& process) {
  const Fd output = process.TakeOutput();
  std::string text;
  std::array<char, 4096> bytes{};
  pollfd entry{output.get(), POLLIN, 0};
  while (::poll(&entry, 1, 10'000) == 1) {
    const ssize_t count = ::read(output.get(), bytes.data(), bytes.size());
    if (count <= 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return text;
}

int StatusOf(ChildProcess& process) {
  for (int i = 0; i < 10'000; ++i) {
    if (const std::optional<int> status = process.TryReap()) return *status;
    ::poll(nullptr, 0, 1);
  }
  return -1;
}

std::string Printed(ProcessOptions options) {
  ChildProcess process(std::move(options));
  return OutputOf(process);
}

TEST(ChildProcess, GivesTheStatusAsWaitpidDoes) {
  ChildProcess exits(Shell("exit 7"));
  ChildProcess dies(Shell("kill -TERM $$"));

  EXPECT_EQ(WEXITSTATUS(StatusOf(exits)), 7);
  const int status = StatusOf(dies);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST(ChildProcess, HasFailedWhereItsStatusIsLost) {
  // Then the kernel reaps what ends.
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  ChildProcess process(Shell("exit 0"));

  const int status = StatusOf(process);

  ::signal(SIGCHLD, before);
  EXPECT_EQ(WEXITSTATUS(status), EXIT_FAILURE);
}

TEST(ChildProcess, PassesArgumentsThatNeedQuotingElsewhere) {
  ProcessOptions options = Shell("printf '%s|' \"$@\"");
  options.argv.insert(options.argv.end(), {"sh", "a b", "", "\"'$x", "ü"});

  EXPECT_EQ(Printed(std::move(options)), "a b||\"'$x|ü|");
}

TEST(ChildProcess, LaysVariablesOverTheInheritedOnes) {
  ::setenv("AFT_TEST_KEPT", "kept", 1);
  ::setenv("AFT_TEST_CHANGED", "old", 1);
  ProcessOptions options = Shell("echo $AFT_TEST_KEPT $AFT_TEST_CHANGED $AFT_TEST_NEW");
  options.environment = {"AFT_TEST_CHANGED=a=b", "AFT_TEST_NEW="};

  EXPECT_EQ(Printed(std::move(options)), "kept a=b\n");
}

TEST(ChildProcess, GivesTheChildDescriptor3AndKeepsItsOwn) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const Fd ours(::fcntl(ends[0], F_DUPFD_CLOEXEC, 77));
  ::close(ends[0]);
  ProcessOptions options = Shell("test ! -e /proc/self/fd/$0 && echo through 3 >&3");
  options.argv.push_back(std::to_string(ours.get()));
  options.descriptor_3 = Fd(ends[1]);

  ChildProcess process(std::move(options));

  EXPECT_EQ(WEXITSTATUS(StatusOf(process)), 0);
  std::array<char, 64> text{};
  EXPECT_GT(::recv(ours.get(), text.data(), text.size() - 1, 0), 0);
  EXPECT_STREQ(text.data(), "through 3\n");
}

TEST(ChildProcess, StartsWithNoSignalBlocked) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);

  const std::string status = Printed(Shell("grep SigBlk /proc/self/status"));

  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(status, "SigBlk:\t0000000000000000\n");
}

TEST(ChildProcess, ReadsNothingWhereInputIsNull) {
  ProcessOptions options = Shell("wc -c");
  options.standard_input = ProcessOptions::Input::kNull;

  EXPECT_EQ(Printed(std::move(options)), "0\n");
}

TEST(ChildProcess, CapturesStandardErrorWhereAsked) {
  ProcessOptions options = Shell("echo out; echo err >&2");
  options.standard_error = ProcessOptions::Output::kCaptured;

  EXPECT_EQ(Printed(std::move(options)), "out\nerr\n");
}

TEST(ChildProcess, LeadsASessionOfItsOwnWhereAsked) {
  ProcessOptions options = Shell("test $(ps -o sid= -p $$) = $$ && echo leads");
  options.new_session = true;

  EXPECT_EQ(Printed(std::move(options)), "leads\n");
}

TEST(ChildProcess, IsKilledByItsOwnersEnd) {
  pid_t pid = 0;
  {
    ChildProcess process(Shell("echo $$; exec sleep 1000"));
    const Fd output = process.TakeOutput();
    pollfd entry{output.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&entry, 1, 10'000), 1);
    std::array<char, 32> bytes{};
    ASSERT_GT(::read(output.get(), bytes.data(), bytes.size() - 1), 0);
    pid = std::stoi(bytes.data());
    ASSERT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(ChildProcess, DiesWithThisProcess) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "pid";
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    ProcessOptions options;
    options.argv = {"/bin/sh", "-c", "echo $$ > " + file.native() + "; exec sleep 1000"};
    options.descriptor_3 = Fd(ends[1]);
    const ChildProcess process(std::move(options));
    while (std::filesystem::exists(file) ? std::filesystem::is_empty(file) : true)
      ::poll(nullptr, 0, 1);
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(parent, nullptr, 0);
  ::close(ends[1]);

  // The pipe ends when the last process that holds it is gone, which is the child.
  pollfd entry{ends[0], POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 10'000), 1);
  EXPECT_NE(entry.revents & POLLHUP, 0);
  ::close(ends[0]);
}

TEST(ChildProcess, SaysWhyAFileCannotBeStarted) {
  const TemporaryFolder folder;
  const auto start = [](const std::string& path) {
    ProcessOptions options;
    options.argv = {path};
    try {
      const ChildProcess process(std::move(options));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };

  const std::string missing = folder.path() / "missing";
  EXPECT_EQ(start(missing), "cannot start '" + missing + "': No such file or directory");
  const std::string file = folder.Write("file", "");
  EXPECT_EQ(start(file), "cannot start '" + file + "': Permission denied");
}

}  // namespace
}  // namespace aft
