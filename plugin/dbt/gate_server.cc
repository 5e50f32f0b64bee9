// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/gate_server.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "host_shim/error.h"
#include "host_shim/line_splitter.h"
#include "plugin/base/send_queue.h"

namespace aft {
namespace {

// A dbt event is a few kilobytes, and dbt reads the answer before it sends the next one.
// A peer that sends this much in one line, or this much later, is not dbt.
constexpr std::size_t kLongestLine = std::size_t{64} << 20U;
constexpr std::size_t kMostUnsent = std::size_t{1} << 20U;

// A connection that can't be accepted yet keeps the listener readable: without a pause
// the loop would do nothing else.
constexpr std::chrono::milliseconds kPause{100};

bool IsThisUser(const Fd& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         peer.uid == ::geteuid();
}

Fd ListenAt(const std::filesystem::path& path) {
  Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path)
    throw Error(
        Text("cannot listen at '", path.native(),
             "': the path is too long for a socket; set TMPDIR to a shorter one"));
  std::memcpy(address.sun_path, path.c_str(), path.native().size() + 1);
  if (!listener.IsOpen() ||
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address),
             sizeof address) != 0 ||
      ::listen(listener.get(), SOMAXCONN) != 0)
    throw Error(Text("cannot listen at '", path.native(), "': ", std::strerror(errno)));
  return listener;
}

}  // namespace

struct GateServer::Connection {
  Connection(EventLoop& loop, Fd accepted)
      : socket(std::move(accepted)), queue(loop, socket) {}

  Fd socket;
  LineSplitter lines{kLongestLine};
  SendQueue queue;
};

GateServer::GateServer(EventLoop& loop, const std::filesystem::path& path,
                       Handlers handlers)
    : loop_(loop), handlers_(std::move(handlers)), listener_(ListenAt(path)) {
  Listen();
}

GateServer::~GateServer() {
  if (pause_) loop_.Cancel(*pause_);
  loop_.Unwatch(listener_.get());
  for (const auto& [id, connection] : connections_)
    loop_.Unwatch(connection->socket.get());
}

void GateServer::Listen() {
  pause_.reset();
  loop_.Watch(listener_.get(), [this] { Accept(); });
}

void GateServer::PauseListening() {
  loop_.Unwatch(listener_.get());
  pause_ = loop_.After(kPause, [this] { Listen(); });
}

void GateServer::Accept() {
  Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.IsOpen()) {
    // EMFILE, ENFILE and the like; a peer that has left again is no longer waiting.
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) PauseListening();
    return;
  }
  if (!IsThisUser(socket)) return;
  const ConnectionId id = next_id_++;
  loop_.Watch(socket.get(), [this, id] { Receive(id); });
  connections_.emplace(id, std::make_unique<Connection>(loop_, std::move(socket)));
}

void GateServer::Receive(ConnectionId id) {
  std::array<char, 65536> bytes{};
  Connection& connection = *connections_.at(id);
  const ssize_t count =
      ::recv(connection.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    Close(id);
    return;
  }
  bool is_dbt = true;
  connection.lines.Feed(std::string_view(bytes.data(), static_cast<std::size_t>(count)),
                        [&](std::string_view line) {
                          is_dbt = is_dbt && line.size() < kLongestLine &&
                                   connection.queue.unsent() < kMostUnsent &&
                                   handlers_.on_line(id, line);
                        });
  if (!is_dbt) Close(id);
}

void GateServer::Send(ConnectionId id, std::string_view line) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  found->second->queue.Send(std::string(line) + "\n");
}

void GateServer::Close(ConnectionId id) {
  loop_.Unwatch(connections_.at(id)->socket.get());
  connections_.erase(id);
  handlers_.on_closed(id);
}

}  // namespace aft
