// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/gate_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <vector>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;

/// A server that answers each line with itself, and clients of it.
class EchoingGate : public ::testing::Test {
 protected:
  EchoingGate()
      : path_(folder_.path() / "gate"),
        server_(loop_, path_,
                {[this](GateServer::ConnectionId id, std::string_view line) {
                   lines_.emplace_back(line);
                   server_.Send(id, line);
                   return line != "not of the protocol";
                 },
                 [this](GateServer::ConnectionId) { ++closed_; }}) {}

  Fd Connect() {
    Fd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.native().size());
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address),
                        sizeof address),
              0);
    return client;
  }

  static void Write(const Fd& client, std::string_view bytes) {
    EXPECT_EQ(::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  /// Dispatches until nothing is ready any more.
  void Settle() {
    pollfd entry{loop_.fd(), POLLIN, 0};
    while (::poll(&entry, 1, 50) == 1) loop_.Dispatch();
  }

  TemporaryFolder folder_;
  std::filesystem::path path_;
  EventLoop loop_;
  std::vector<std::string> lines_;
  int closed_ = 0;
  GateServer server_;
};

TEST_F(EchoingGate, PutsLinesTogetherAndAnswersTheirSender) {
  const Fd first = Connect();
  const Fd second = Connect();
  Settle();

  Write(first, "{\"a\":");
  Settle();
  Write(first, "1}\n");
  Write(second, "b\nc\n");
  Settle();

  EXPECT_THAT(lines_, ElementsAre("{\"a\":1}", "b", "c"));
  std::array<char, 64> answer{};
  EXPECT_EQ(::recv(second.get(), answer.data(), answer.size(), MSG_DONTWAIT), 4);
  EXPECT_STREQ(answer.data(), "b\nc\n");
}

TEST_F(EchoingGate, NoticesThatAConnectionCloses) {
  Connect();
  Settle();

  EXPECT_EQ(closed_, 1);
}

TEST_F(EchoingGate, HoldsBackWhatASlowReaderDoesNotTake) {
  const Fd client = Connect();
  const std::string line(4 << 20, 'x');
  std::string sent = line + "\n";
  Settle();

  std::string received;
  std::array<char, 65536> bytes{};
  while (received.size() <= line.size()) {
    if (!sent.empty()) {
      const ssize_t count = ::send(client.get(), sent.data(), sent.size(), MSG_DONTWAIT);
      if (count > 0) sent.erase(0, static_cast<std::size_t>(count));
    }
    loop_.Dispatch();
    const ssize_t count = ::recv(client.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count > 0) received.append(bytes.data(), static_cast<std::size_t>(count));
  }

  EXPECT_EQ(received, line + "\n");
}

TEST_F(EchoingGate, ClosesOnAPeerWhoseLineHasNoEnd) {
  const Fd endless = Connect();
  const Fd other = Connect();
  const std::string piece(1 << 20, 'x');
  Settle();

  for (std::size_t sent = 0; sent < (100U << 20U) && closed_ == 0;) {
    const ssize_t count =
        ::send(endless.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) sent += static_cast<std::size_t>(count);
    loop_.Dispatch();
  }
  Write(other, "a\n");
  Settle();

  EXPECT_EQ(closed_, 1);
  EXPECT_THAT(lines_, ElementsAre("a"));
}

TEST_F(EchoingGate, ClosesOnAPeerThatTakesNoAnswers) {
  const Fd client = Connect();
  const std::string line = std::string(1000, 'x') + "\n";
  Settle();

  for (int sent = 0; sent < 100'000 && closed_ == 0; ++sent) {
    ::send(client.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    loop_.Dispatch();
  }

  EXPECT_EQ(closed_, 1);
}

TEST_F(EchoingGate, ClosesOnAPeerThatDoesNotKeepToTheProtocol) {
  const Fd client = Connect();
  Settle();

  Write(client, "a\nnot of the protocol\nb\n");
  Settle();

  EXPECT_EQ(closed_, 1);
  EXPECT_THAT(lines_, ElementsAre("a", "not of the protocol"));
}

/// Leaves this process no descriptor to open.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    ::getrlimit(RLIMIT_NOFILE, &usual_);
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    const rlimit limit{static_cast<rlim_t>(next), usual_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  NoDescriptorLeft(const NoDescriptorLeft&) = delete;
  NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;
  ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &usual_); }

 private:
  rlimit usual_{};
};

TEST_F(EchoingGate, AcceptsLaterWhatItHasNoDescriptorFor) {
  const Fd client = Connect();
  Write(client, "a\n");
  pollfd entry{loop_.fd(), POLLIN, 0};
  {
    const NoDescriptorLeft none;
    ASSERT_EQ(::poll(&entry, 1, 0), 1);
    loop_.Dispatch();
    EXPECT_EQ(::poll(&entry, 1, 0), 0) << "the loop would spin";
  }

  while (lines_.empty() && ::poll(&entry, 1, 10'000) == 1) loop_.Dispatch();

  EXPECT_THAT(lines_, ElementsAre("a"));
}

TEST_F(EchoingGate, ForgetsAnswersToThoseWhoAreGone) {
  server_.Send(12345, "nobody");

  Settle();
}

TEST(GateServer, RefusesAPathThatIsTooLong) {
  EventLoop loop;

  EXPECT_THROW(GateServer(loop, "/tmp/" + std::string(120, 'x'), {}), Error);
}

}  // namespace
}  // namespace aft
