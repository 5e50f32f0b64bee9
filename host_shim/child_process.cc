// SPDX-License-Identifier: Apache-2.0
#include "host_shim/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/process.hpp>
#include <boost/process/extend.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

namespace process = boost::process;

constexpr int kPassedDescriptor = 3;

// The status of a process that somebody else has reaped. How it ended is lost, which must
// not pass for success.
constexpr int kLostStatus = EXIT_FAILURE << 8;

/// What the child does between fork and exec; async-signal-safe calls only.
struct ChildSetup : process::extend::handler {
  std::vector<char*> argv;
  int captured = -1;
  int passed = -1;
  pid_t parent = -1;
  int death_signal = SIGKILL;
  bool null_input = false;
  bool captures_output = false;
  bool captures_error = false;
  bool new_session = false;

  template <typename Executor>
  void on_exec_setup(Executor& executor) const {
    executor.cmd_line = argv.data();
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (new_session) ::setsid();
    if (null_input) {
      const int null = ::open("/dev/null", O_RDONLY);
      ::dup2(null, STDIN_FILENO);
      if (null > STDERR_FILENO) ::close(null);
    }
    if (captures_output) ::dup2(captured, STDOUT_FILENO);
    if (captures_error) ::dup2(captured, STDERR_FILENO);
    if (passed == kPassedDescriptor)
      ::fcntl(passed, F_SETFD, 0);
    else if (passed >= 0)
      ::dup2(passed, kPassedDescriptor);
    ::prctl(PR_SET_PDEATHSIG, death_signal);
    // The parent may have died before that call.
    if (::getppid() != parent) ::_exit(EXIT_FAILURE);
  }
};

process::environment Environment(const std::vector<std::string>& changes) {
  process::environment environment = boost::this_process::environment();
  for (const std::string& change : changes) {
    const std::size_t equals = change.find('=');
    environment[change.substr(0, equals)] = change.substr(equals + 1);
  }
  return environment;
}

std::pair<Fd, Fd> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(Text("cannot make a pipe: ", std::strerror(errno)));
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

struct ChildProcess::State {
  pid_t pid = -1;
  Fd output;
  bool is_reaped = false;
};

ChildProcess::ChildProcess(ProcessOptions options) : state_(std::make_unique<State>()) {
  ChildSetup setup;
  // Boost.Process 1.81 itself reads beyond the end of an argument that is empty.
  for (std::string& argument : options.argv) setup.argv.push_back(argument.data());
  setup.argv.push_back(nullptr);
  setup.parent = ::getpid();
  setup.death_signal = options.death_signal;
  setup.new_session = options.new_session;
  setup.null_input = options.standard_input == ProcessOptions::Input::kNull;
  setup.captures_output = options.standard_output == ProcessOptions::Output::kCaptured;
  setup.captures_error = options.standard_error == ProcessOptions::Output::kCaptured;
  setup.passed = options.descriptor_3.get();
  Fd write_end;
  if (setup.captures_output || setup.captures_error) {
    std::tie(state_->output, write_end) = MakePipe();
    setup.captured = write_end.get();
  }
  std::error_code code;
  process::child child(process::exe = options.argv.front(),
                       Environment(options.environment), code, setup);
  if (code)
    throw Error(Text("cannot start '", options.argv.front(), "': ", code.message()));
  state_->pid = child.id();
  // Boost's own wait decodes the status; here the raw one is needed.
  child.detach();
}

ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;
ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    KillAndReap();
    state_ = std::move(other.state_);
  }
  return *this;
}
ChildProcess::~ChildProcess() { KillAndReap(); }

Fd ChildProcess::TakeOutput() { return std::move(state_->output); }

void ChildProcess::Signal(int signal) const {
  if (!state_->is_reaped) ::kill(state_->pid, signal);
}

std::optional<int> ChildProcess::TryReap() {
  if (state_->is_reaped) return std::nullopt;
  int status = 0;
  const pid_t ended = ::waitpid(state_->pid, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno != ECHILD)) return std::nullopt;
  state_->is_reaped = true;
  return ended < 0 ? kLostStatus : status;
}

void ChildProcess::TerminateAndReap(std::chrono::milliseconds grace) {
  if (state_ == nullptr || state_->is_reaped) return;
  const Fd ended(static_cast<int>(::syscall(SYS_pidfd_open, state_->pid, 0)));
  ::kill(state_->pid, SIGTERM);
  pollfd end{ended.get(), POLLIN, 0};
  if (ended.IsOpen()) ::poll(&end, 1, static_cast<int>(grace.count()));
  KillAndReap();
}

void ChildProcess::KillAndReap() {
  if (state_ == nullptr || state_->is_reaped) return;
  ::kill(state_->pid, SIGKILL);
  while (::waitpid(state_->pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  state_->is_reaped = true;
}

}  // namespace aft
