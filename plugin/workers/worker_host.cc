// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/worker_host.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

// A packet can't be larger than the socket's send buffer, which the kernel keeps to about
// this size without privileges.
constexpr std::size_t kLargestPacket = std::size_t{208} << 10U;
constexpr std::size_t kLongestLine = std::size_t{1} << 16U;
constexpr std::chrono::seconds kGrace{5};

}  // namespace

WorkerHost::WorkerHost(EventLoop& loop, const std::filesystem::path& program,
                       const std::string& python, Handlers handlers)
    : loop_(loop),
      handlers_(std::move(handlers)),
      lines_(kLongestLine, handlers_.cut),
      channels_(Start(program, python)),
      queue_(loop, channels_.socket) {
  loop_.Watch(channels_.socket.get(), [this] { Receive(); });
  loop_.Watch(channels_.output.get(), [this] { ReceiveOutput(); });
}

WorkerHost::~WorkerHost() {
  loop_.Unwatch(channels_.socket.get());
  CloseOutput();
  channels_.socket.Close();
  channels_.process.TerminateAndReap(kGrace);
}

WorkerHost::Channels WorkerHost::Start(const std::filesystem::path& program,
                                       const std::string& python) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw Error(Text("cannot make a channel to a worker host: ", std::strerror(errno)));
  Fd ours(ends[0]);
  ProcessOptions options;
  options.argv = {program.native(), "--python", python};
  options.descriptor_3 = Fd(ends[1]);
  options.standard_input = ProcessOptions::Input::kNull;
  options.standard_output = ProcessOptions::Output::kCaptured;
  options.standard_error = ProcessOptions::Output::kCaptured;
  options.new_session = true;
  // It first ends its scripts and whatever they have started.
  options.death_signal = SIGTERM;
  ChildProcess process(std::move(options));
  Fd output = process.TakeOutput();
  return {std::move(ours), std::move(output), std::move(process)};
}

void WorkerHost::Send(std::string message, std::vector<Fd> descriptors) {
  queue_.Send(std::move(message), std::move(descriptors));
}

bool ReceivePacket(const Fd& socket, std::string& packet) {
  packet.resize(kLargestPacket);
  const ssize_t count = ::recv(socket.get(), packet.data(), packet.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  packet.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return true;
}

void WorkerHost::Receive() {
  std::string packet;
  if (!ReceivePacket(channels_.socket, packet)) return;
  if (!packet.empty()) {
    handlers_.on_message(ParseHostMessage(packet));
    return;
  }
  loop_.Unwatch(channels_.socket.get());
  // What the host said last is the best there is on why it ended.
  ReceiveOutput();
  handlers_.on_gone();
}

void WorkerHost::ReceiveOutput() {
  std::array<char, 65536> bytes{};
  while (channels_.output.IsOpen()) {
    const ssize_t count = ::read(channels_.output.get(), bytes.data(), bytes.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
      lines_.Finish(handlers_.on_output);
      CloseOutput();
      return;
    }
    lines_.Feed(std::string_view(bytes.data(), static_cast<std::size_t>(count)),
                handlers_.on_output);
  }
}

void WorkerHost::CloseOutput() {
  if (!channels_.output.IsOpen()) return;
  loop_.Unwatch(channels_.output.get());
  channels_.output.Close();
}

}  // namespace aft
