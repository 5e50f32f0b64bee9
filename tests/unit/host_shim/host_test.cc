// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "host_shim/fd.h"
#include "tests/support/temporary_folder.h"

// The program `aft`, with the plugin of version 1 in the place of its own.

namespace aft {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kPatience = 20'000;

class HostTest : public ::testing::Test {
 protected:
  HostTest() {
    fs::create_directories(folder_.path() / "bin");
    fs::create_directories(folder_.path() / "lib/aft");
    fs::copy_file(AFT_PROGRAM_PATH, folder_.path() / "bin/aft");
    fs::copy_file(AFT_PLUGIN_V1_PATH, folder_.path() / "lib/aft/libaft_plugin.so");
  }

  ~HostTest() override {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  /// Starts aft in a terminal of its own, once `prepare` has changed its process.
  void Start(
      std::vector<std::string> arguments, const std::function<void()>& prepare = [] {}) {
    int terminal = -1;
    arguments.insert(arguments.begin(), folder_.path() / "bin/aft");
    pid_ = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      prepare();
      std::vector<char*> argv;
      for (std::string& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      ::execv(argv.front(), argv.data());
      ::_exit(127);
    }
    terminal_ = Fd(terminal);
  }

  /// Reads what aft writes until it contains `text` or aft has closed its terminal.
  void ReadUntil(const std::string& text) {
    pollfd entry{terminal_.get(), POLLIN, 0};
    while (output_.find(text) == std::string::npos && ::poll(&entry, 1, kPatience) == 1) {
      std::array<char, 4096> bytes{};
      const ssize_t count = ::read(terminal_.get(), bytes.data(), bytes.size());
      if (count <= 0) return;
      for (const char byte : std::string(bytes.data(), static_cast<std::size_t>(count)))
        if (byte != '\r') output_.push_back(byte);
    }
  }

  /// The exit code of aft, or -1 when a signal ended it.
  int Finish() {
    ReadUntil("\x01 never written");
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  int RunToEnd(const std::vector<std::string>& arguments) {
    Start(arguments);
    return Finish();
  }

  TemporaryFolder folder_;
  pid_t pid_ = -1;
  Fd terminal_;
  std::string output_;
};

TEST_F(HostTest, RunsAPluginOfVersionOneFromBeginningToEnd) {
  EXPECT_EQ(RunToEnd({"run", "echo inherited; exit 3", "exit", "42"}), 42);

  EXPECT_THAT(output_, HasSubstr("inherited\n"));
  EXPECT_THAT(output_, HasSubstr("ready\n"));
  EXPECT_THAT(output_, HasSubstr("exited with 3\n"));
  EXPECT_THAT(output_, EndsWith("released\n"));
}

TEST_F(HostTest, GivesAllCapturedLinesBeforeTheExit) {
  EXPECT_EQ(RunToEnd({"capture", "echo one; printf 'no end'", "exit", "0"}), 0);

  EXPECT_LT(output_.find("line one\n"), output_.find("line no end\n"));
  EXPECT_LT(output_.find("line no end\n"), output_.find("exited with 0\n"));
}

TEST_F(HostTest, RunsOneCommandAfterAnother) {
  EXPECT_EQ(RunToEnd({"run", "exit 1", "run", "kill -9 $$", "exit", "5"}), 5);

  EXPECT_LT(output_.find("exited with 1\n"), output_.find("killed by 9\n"));
}

TEST_F(HostTest, AsksForTheNextCommandAfterASignalBetweenTwo) {
  Start({"run", "exit 1", "wait", "run", "echo after", "exit", "5"});
  ReadUntil("exited with 1\n");
  ReadUntil("ready\n");

  ::kill(pid_, SIGINT);

  EXPECT_EQ(Finish(), 5);
  EXPECT_LT(output_.find("signal 2 from process\n"), output_.find("after\n"));
}

TEST_F(HostTest, HearsOfAnEndWhereItsParentIgnoresThose) {
  Start({"run", "grep SigIgn /proc/self/status", "exit", "5"},
        [] { ::signal(SIGCHLD, SIG_IGN); });

  EXPECT_EQ(Finish(), 5);
  EXPECT_THAT(output_, HasSubstr("exited with 0\n"));
  const unsigned long ignored =
      std::stoul(output_.substr(output_.find(":\t") + 2), nullptr, 16);
  EXPECT_EQ(ignored >> (SIGCHLD - 1) & 1U, 0U);
}

TEST_F(HostTest, IgnoresWhatItWasStartedToIgnore) {
  // As nohup does, and a shell with what it starts in the background.
  for (const int signal : {SIGHUP, SIGINT}) {
    output_.clear();
    Start({"run", "echo started; read line", "exit", "5"},
          [signal] { ::signal(signal, SIG_IGN); });
    ReadUntil("started");

    ::kill(pid_, signal);
    ASSERT_EQ(::write(terminal_.get(), "\n", 1), 1);

    EXPECT_EQ(Finish(), 5);
    EXPECT_THAT(output_, Not(HasSubstr("signal")));
  }
}

TEST_F(HostTest, HearsSignalsThatItWasStartedToBlock) {
  Start({"run", "echo started; exec sleep 1000", "exit", "0"}, [] {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
  });
  ReadUntil("started");

  ::kill(pid_, SIGTERM);

  EXPECT_EQ(Finish(), 0);
  EXPECT_THAT(output_, HasSubstr("killed by 15\n"));
}

TEST_F(HostTest, OpensNoFileOfItsOwnInThePlaceOfAClosedStandardOne) {
  // Bit n closes descriptor n. What aft has there then is what its command has.
  const std::string tell =
      "for n in 0 1 2; do echo \"$n $(readlink /proc/$$/fd/$n)\" >&9; done";
  for (int closed = 1; closed < 8; ++closed) {
    output_.clear();
    Start({"run", tell, "exit", "5"}, [closed] {
      ::dup2(STDOUT_FILENO, 9);
      for (int fd = 0; fd < 3; ++fd)
        if ((closed >> fd & 1) != 0) ::close(fd);
    });

    EXPECT_EQ(Finish(), 5) << closed;
    for (int fd = 0; fd < 3; ++fd)
      EXPECT_THAT(output_,
                  HasSubstr(std::to_string(fd) +
                            ((closed >> fd & 1) != 0 ? " /dev/null\n" : " /dev/pts/")))
          << closed;
  }
}

TEST_F(HostTest, LeavesTerminalFolderAndVariablesToTheCommand) {
  ::setenv("AFT_TEST_VARIABLE", "inherited", 1);
  RunToEnd({"run",
            "test -t 0 && test -t 1 && test -t 2 && echo $(pwd) $AFT_TEST_VARIABLE "
            "$FROM_PLUGIN",
            "exit", "0"});

  EXPECT_THAT(output_, HasSubstr(fs::current_path().native() + " inherited v1\n"));
}

TEST_F(HostTest, TellsAKeyFromAProcess) {
  Start({"run", "trap '' INT; echo started; read line", "exit", "0"});
  ReadUntil("started");
  ASSERT_EQ(::write(terminal_.get(), "\x03", 1), 1);
  ReadUntil("signal 2 from terminal");

  ::kill(pid_, SIGINT);
  ReadUntil("signal 2 from process");

  EXPECT_THAT(output_, HasSubstr("signal 2 from terminal\n"));
  EXPECT_THAT(output_, HasSubstr("signal 2 from process\n"));
}

TEST_F(HostTest, LetsTheTerminalReachTheCommand) {
  Start({"run", "echo started; exec sleep 1000", "exit", "0"});
  ReadUntil("started");

  ASSERT_EQ(::write(terminal_.get(), "\x03", 1), 1);

  EXPECT_EQ(Finish(), 0);
  EXPECT_THAT(output_, HasSubstr("killed by 2\n"));
}

TEST_F(HostTest, PassesASignalOnWhenThePluginWantsIt) {
  Start({"run", "echo started; exec sleep 1000", "exit", "0"});
  ReadUntil("started");

  ::kill(pid_, SIGTERM);

  EXPECT_EQ(Finish(), 0);
  EXPECT_THAT(output_, HasSubstr("signal 15 from process\n"));
  EXPECT_THAT(output_, HasSubstr("killed by 15\n"));
}

TEST_F(HostTest, TellsOnceThatNobodyReadsItsOutputAnyMore) {
  const std::string aft = (folder_.path() / "bin/aft").native();

  EXPECT_EQ(RunToEnd({"run",
                      aft + " run 'echo started; exec sleep 1000' run 'exit 3' exit 0 | "
                            "head -n 1",
                      "exit", "0"}),
            0);

  // The timers of both plugins may come in between.
  EXPECT_THAT(output_, testing::ContainsRegex(
                           "started\n(ready\n)*signal 13 from process\nkilled by 13\n"
                           "exited with 3\n"));
}

TEST_F(HostTest, WritesAllToATerminalThatTakesOnlySomeOfItAtATime) {
  const std::string text(100'000, 'x');

  EXPECT_EQ(RunToEnd({"run", "python3 -c 'import os; os.set_blocking(1, False)'", "say",
                      text, "say", text, "say", text, "exit", "0"}),
            0);

  EXPECT_EQ(std::count(output_.begin(), output_.end(), 'x'), 300'001)
      << "'exited' has one";
}

TEST_F(HostTest, FailsAndSaysSoWhenItsOutputCannotBeWritten) {
  const std::string aft = (folder_.path() / "bin/aft").native();
  const std::string code = "; echo code $?";

  RunToEnd({"run", aft + " say a say b exit 0 >/dev/full" + code, "exit", "0"});
  EXPECT_THAT(output_, HasSubstr("aft: cannot write to standard output: No space left on "
                                 "device; what was written is not complete\n"));
  EXPECT_THAT(output_, HasSubstr("code 1\n"));

  output_.clear();
  RunToEnd({"run", aft + " say a exit 3 >/dev/full" + code, "exit", "0"});
  EXPECT_THAT(output_, HasSubstr("code 3\n"));
  output_.clear();
  RunToEnd({"run", aft + " run 'exit 0' exit 0 2>/dev/full" + code, "exit", "0"});
  EXPECT_THAT(output_, HasSubstr("code 1\n"));
}

TEST_F(HostTest, StopsTheCommandWhenThePluginFails) {
  Start({"fail-on-signal", "run", "echo started; exec sleep 1000", "exit", "0"});
  ReadUntil("started");

  ::kill(pid_, SIGTERM);

  EXPECT_EQ(Finish(), 1);
  EXPECT_THAT(output_, EndsWith("released\naft: no signals, please\n"));
}

TEST_F(HostTest, TellsACommandLineThatIsWrongFromALaterFailure) {
  EXPECT_EQ(RunToEnd({"refuse"}), 2);
  EXPECT_EQ(output_, "aft: refused\n");

  output_.clear();
  EXPECT_EQ(RunToEnd({"fail", "nothing to run"}), 1);
  EXPECT_EQ(output_, "released\naft: nothing to run\n");
}

TEST_F(HostTest, AsksNoPluginOfVersionOneForWhatIsNoCommand) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {}, {"--help"}, {"--version"}, {"--aft-dbt", "/bin/true", "dbt"}}) {
    output_.clear();
    EXPECT_EQ(RunToEnd(arguments), 2);
    EXPECT_EQ(output_, "aft: the plugin '" +
                           (folder_.path() / "lib/aft/libaft_plugin.so").native() +
                           "' is of an older release, which takes the command first and "
                           "has no help; install the program and the plugin from one "
                           "release\n");
  }
}

}  // namespace
}  // namespace aft
