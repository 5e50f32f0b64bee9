// SPDX-License-Identifier: Apache-2.0
#include "host_shim/host.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "host_shim/error.h"
#include "host_shim/ignored_signal.h"
#include "host_shim/write_all.h"

namespace aft {
namespace {

// As aft_plugin.h promises.
constexpr std::size_t kLongestLine = std::size_t{16} << 20U;

// The exit code when the output is not complete but all else is well.
constexpr int kIncomplete = 1;

// A pipe holds 64 KiB, the size of a read, unless somebody made it larger, to 1 MiB.
constexpr int kPipefuls = 16;

// What a process gets to end by itself when the plugin has failed.
constexpr std::chrono::seconds kGrace{10};

/// What a parent has made this process ignore stays ignored, although a signalfd would
/// receive it. SIGPIPE is handled in any case: a run has to know that its reader is gone.
sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
    if (signal == SIGPIPE || !IsIgnored(signal)) sigaddset(&set, signal);
  return set;
}

bool IsPipe(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

std::vector<std::string> Strings(const char* const* list) {
  std::vector<std::string> strings;
  for (; list != nullptr && *list != nullptr; ++list) strings.emplace_back(*list);
  return strings;
}

}  // namespace

Host::Host(PluginLibrary& plugin)
    : plugin_(plugin),
      functions_{},
      pipe_(IsPipe(STDOUT_FILENO) ? STDOUT_FILENO : -1),
      lines_(kLongestLine) {
  const sigset_t handled = HandledSignals();
  ::sigprocmask(SIG_SETMASK, &handled, nullptr);
  signals_ = Fd(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.IsOpen())
    throw Error(Text("cannot receive signals: ", std::strerror(errno)));
  functions_.size = sizeof functions_;
  functions_.self = this;
  functions_.write = [](void* self, int fd, const char* bytes, size_t count) {
    static_cast<Host*>(self)->Write(fd, {bytes, count});
  };
  functions_.signal_child = [](void* self, int signal) {
    const Host& host = *static_cast<Host*>(self);
    if (host.child_ != nullptr) host.child_->Signal(signal);
  };
}

int Host::Run() {
  StartNext();
  while (!is_done_) Wait();
  const int exit_code = plugin_.functions().exit_code(plugin_.functions().self);
  if (problem_.empty()) return exit_code;
  WriteAll(STDERR_FILENO, Text("aft: ", problem_, "\n"));
  return exit_code == 0 ? kIncomplete : exit_code;
}

void Host::Write(int fd, std::string_view bytes) {
  const int error = WriteAll(fd, bytes);
  // That a pipe's reader is gone is for the plugin to judge, which has SIGPIPE for that.
  if (error == 0 || error == EPIPE || !problem_.empty()) return;
  problem_ = Text("cannot write to standard ", fd == STDERR_FILENO ? "error" : "output",
                  ": ", std::strerror(error), "; what was written is not complete");
}

void Host::Check(aft_status status, const aft_error& error) {
  if (status != AFT_FAILED) return;
  StopChild();
  throw Error(error.message);
}

void Host::StopChild() {
  if (child_ == nullptr) return;
  child_->Signal(SIGINT);
  const auto deadline = std::chrono::steady_clock::now() + kGrace;
  while (!child_->TryReap().has_value()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd entry{signals_.get(), POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(left.count()));
    signalfd_siginfo received{};
    while (::read(signals_.get(), &received, sizeof received) > 0) {
    }
  }
  child_.reset();
}

void Host::StartNext() {
  const aft_plugin& plugin = plugin_.functions();
  aft_command command{};
  command.size = sizeof command;
  aft_error error{};
  const aft_status status = plugin.next_command(plugin.self, &command, &error);
  Check(status, error);
  is_done_ = status == AFT_DONE;
  if (status != AFT_OK) return;
  ProcessOptions options;
  options.argv = Strings(command.argv);
  options.environment = Strings(command.environment);
  if (command.output == AFT_OUTPUT_CAPTURED)
    options.standard_output = ProcessOptions::Output::kCaptured;
  child_ = std::make_unique<ChildProcess>(std::move(options));
  output_ = child_->TakeOutput();
}

void Host::Wait() {
  // poll() passes over the entry of a descriptor that is not open.
  std::array<pollfd, 4> entries = {
      pollfd{signals_.get(), POLLIN, 0}, pollfd{plugin_.functions().event_fd, POLLIN, 0},
      pollfd{output_.get(), POLLIN, 0},
      pollfd{pipe_, 0, 0},  // There is only the error that its last reader is gone.
  };
  if (::poll(entries.data(), entries.size(), -1) < 0) {
    if (errno == EINTR) return;
    throw Error(Text("cannot wait for events: ", std::strerror(errno)));
  }
  if (entries[2].revents != 0) ReceiveOutput();
  if (entries[1].revents != 0) {
    const aft_plugin& plugin = plugin_.functions();
    aft_error error{};
    Check(plugin.on_ready(plugin.self, &error), error);
    if (child_ == nullptr) StartNext();
  }
  if (entries[0].revents != 0) ReceiveSignals();
  // The signals came first: Ctrl-C ends the readers of a pipeline as well.
  if (entries[3].revents != 0 && !is_done_) {
    pipe_ = -1;
    GiveSignal(SIGPIPE, AFT_SIGNAL_FROM_PROCESS);
  }
}

void Host::ReceiveSignals() {
  signalfd_siginfo received{};
  bool has_given = false;
  while (::read(signals_.get(), &received, sizeof received) == sizeof received) {
    const int signal = static_cast<int>(received.ssi_signo);
    if (signal == SIGCHLD) continue;
    GiveSignal(signal, received.ssi_code == SI_KERNEL ? AFT_SIGNAL_FROM_TERMINAL
                                                      : AFT_SIGNAL_FROM_PROCESS);
    has_given = true;
  }
  ReapChild();
  // Between two commands a signal may be the end of all.
  if (has_given && child_ == nullptr && !is_done_) StartNext();
}

void Host::GiveSignal(int signal, int32_t origin) {
  const aft_plugin& plugin = plugin_.functions();
  aft_error error{};
  Check(plugin.on_signal(plugin.self, signal, origin, &error), error);
}

void Host::GiveLine(std::string_view line) {
  const aft_plugin& plugin = plugin_.functions();
  aft_error error{};
  Check(plugin.on_line(plugin.self, line.data(), line.size(), &error), error);
}

void Host::ReceiveOutput() {
  std::array<char, 65536> bytes{};
  const ssize_t count = ::read(output_.get(), bytes.data(), bytes.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return CloseOutput();
  lines_.Feed({bytes.data(), static_cast<std::size_t>(count)},
              [this](std::string_view line) { GiveLine(line); });
}

void Host::CloseOutput() {
  output_.Close();
  lines_.Finish([this](std::string_view line) { GiveLine(line); });
}

void Host::ReapChild() {
  if (child_ == nullptr) return;
  const std::optional<int> status = child_->TryReap();
  if (!status.has_value()) return;
  // What the child wrote before it ended comes first. A grandchild may hold the pipe open
  // and go on writing; only as much is read as a pipe holds.
  pollfd entry{output_.get(), POLLIN, 0};
  for (int i = 0; i < kPipefuls && output_.IsOpen() && ::poll(&entry, 1, 0) > 0; ++i)
    ReceiveOutput();
  if (output_.IsOpen()) CloseOutput();
  child_.reset();
  const aft_plugin& plugin = plugin_.functions();
  aft_error error{};
  Check(plugin.on_exit(plugin.self, *status, &error), error);
  StartNext();
}

}  // namespace aft
