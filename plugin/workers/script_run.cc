// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/script_run.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <limits>
#include <utility>
#include <variant>

#include "host_shim/error.h"
#include "plugin/workers/worker_host.h"

namespace aft {
namespace {

constexpr const char* kGarbled =
    "ended without a result: it has written to aft's own descriptor; let it write to "
    "those alone that it has opened";

constexpr std::size_t kLongestLine = std::size_t{1} << 16U;

std::string EndWithoutReport(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(wait_status));
    return Text("killed by ", name == nullptr ? "signal" : "SIG",
                name == nullptr ? std::to_string(WTERMSIG(wait_status)) : name);
  }
  return Text("ended without a result: it left Python with exit code ",
              WEXITSTATUS(wait_status), " by other means than sys.exit()");
}

/// A process of the user's may say any number.
void Add(std::int64_t more, std::int64_t& sum) {
  if (__builtin_add_overflow(sum, more, &sum))
    sum = std::numeric_limits<std::int64_t>::max();
}

/// Adds what was moved to a count of the same names.
template <typename Count>
void Add(const ScriptMoved& moved, Count& sum) {
  Add(moved.rows_read, sum.rows_read);
  Add(moved.rows_written, sum.rows_written);
  Add(moved.bytes_read, sum.bytes_read);
  Add(moved.bytes_written, sum.bytes_written);
}

}  // namespace

ScriptRun::ScriptRun(EventLoop& loop, Script script,
                     std::function<void(std::string_view line)> on_output,
                     LineSplitter::Cut cut)
    : loop_(loop),
      script_(std::move(script)),
      on_output_(std::move(on_output)),
      lines_(kLongestLine, std::move(cut)) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw Error(Text("cannot make a channel to a script: ", std::strerror(errno)));
  control_ = Fd(ends[0]);
  script_control_ = Fd(ends[1]);
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(Text("cannot make a pipe to a script: ", std::strerror(errno)));
  output_ = Fd(ends[0]);
  script_output_ = Fd(ends[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  loop_.Watch(control_.get(), [this] { ReceiveReport(); });
  loop_.Watch(output_.get(), [this] { ReceiveOutput(); });
}

ScriptRun::~ScriptRun() {
  if (control_.IsOpen()) loop_.Unwatch(control_.get());
  if (output_.IsOpen()) loop_.Unwatch(output_.get());
}

std::vector<Fd> ScriptRun::HandOver() {
  std::vector<Fd> descriptors;
  descriptors.push_back(std::move(script_control_));
  descriptors.push_back(std::move(script_output_));
  return descriptors;
}

void ScriptRun::ReceiveReport() {
  std::string packet;
  while (control_.IsOpen() && ReceivePacket(control_, packet)) {
    if (packet.empty())
      CloseControl();
    else
      Take(packet);
  }
}

void ScriptRun::CloseControl() {
  loop_.Unwatch(control_.get());
  control_.Close();
}

void ScriptRun::Take(std::string_view packet) {
  try {
    Take(ParseScriptMessage(packet));
  } catch (const Error&) {
    // The process is the user's: what it does wrong is its own failure.
    is_garbled_ = true;
    CloseControl();
  }
}

void ScriptRun::Take(const ScriptMessage& message) {
  if (const auto* started = std::get_if<ScriptStarted>(&message)) {
    process_group_ = started->pid;
  } else if (const auto* appends = std::get_if<ScriptAppends>(&message)) {
    appends_ += appends->may_have_appended ? 1 : -1;
  } else if (std::holds_alternative<ScriptHasWritten>(message)) {
    has_written_ = true;
  } else if (const auto* moved = std::get_if<ScriptMoved>(&message)) {
    Add(*moved, moved_);
  } else {
    outcome_ = std::get<Outcome>(message);
    has_reported_ = true;
  }
}

void ScriptRun::ReceiveOutput() {
  // A few buffers at a time, so that a script that never stops printing does not keep the
  // loop from everything else.
  std::array<char, 65536> bytes{};
  for (int round = 0; round < 4 && output_.IsOpen(); ++round) {
    const ssize_t count = ::read(output_.get(), bytes.data(), bytes.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
      loop_.Unwatch(output_.get());
      output_.Close();
      lines_.Finish(on_output_);
      return;
    }
    lines_.Feed(std::string_view(bytes.data(), static_cast<std::size_t>(count)),
                on_output_);
  }
}

void ScriptRun::KillGroup() {
  ReceiveReport();
  // Nothing is a script's group that would mean this one's, or everything.
  if (process_group_ > 1) ::kill(-process_group_, SIGKILL);
}

Outcome ScriptRun::Exited(const ScriptExited& exited) {
  ReceiveReport();
  // The pipe holds at most what the kernel buffers; a process that escaped and still
  // writes to it is not waited for.
  ReceiveOutput();
  if (output_.IsOpen()) lines_.Finish(on_output_);
  outcome_.peak_memory = exited.peak_memory;
  outcome_.may_repeat = appends_ <= 0;
  outcome_.has_written = has_written_;
  Add(moved_, outcome_);
  if (!outcome_.succeeded && exited.is_out_of_memory) outcome_.is_out_of_memory = true;
  if (!has_reported_) {
    outcome_.succeeded = false;
    outcome_.message = is_garbled_ ? kGarbled : EndWithoutReport(exited.wait_status);
    outcome_.is_killed = WIFSIGNALED(exited.wait_status);
    outcome_.place = exited.place;
    outcome_.traceback = exited.stack;
  }
  return outcome_;
}

}  // namespace aft
