// SPDX-License-Identifier: Apache-2.0
#include "host_shim/frame_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include "host_shim/error.h"
#include "host_shim/fd.h"
#include "host_shim/write_all.h"

namespace aft {
namespace {

constexpr std::size_t kLongestAnswer = std::size_t{64} << 10U;

/// A file without a name, which goes when it is closed.
Fd MakeSpoolFile() {
  std::string path = std::filesystem::temp_directory_path() / "aft-frame-XXXXXX";
  Fd file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file.IsOpen())
    throw Error(Text("cannot make a file for rows in '",
                     std::filesystem::temp_directory_path().native(),
                     "': ", std::strerror(errno), "; set TMPDIR to another folder"));
  ::unlink(path.c_str());
  return file;
}

/// Copies all bytes from where `from` stands to the end.
void Copy(int from, int to) {
  std::vector<char> bytes(std::size_t{256} << 10U);
  while (true) {
    const ssize_t count = ::read(from, bytes.data(), bytes.size());
    if (count == 0) return;
    if (count < 0 && errno == EAGAIN) {
      pollfd entry{from, POLLIN, 0};
      ::poll(&entry, 1, -1);
    } else if (count < 0 && errno != EINTR) {
      throw Error(Text("cannot read the rows: ", std::strerror(errno)));
    }
    if (count < 0) continue;
    const int error = WriteAll(to, {bytes.data(), static_cast<std::size_t>(count)});
    if (error != 0) throw Error(Text("cannot write the rows: ", std::strerror(error)));
  }
}

Fd Connect() {
  const char* path = std::getenv(kScriptSocket);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path == nullptr || *path == '\0' || std::strlen(path) >= sizeof address.sun_path)
    throw Error("this works only in a script that 'aft dbt' runs");
  std::memcpy(address.sun_path, path, std::strlen(path));
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.IsOpen() ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof address) != 0)
    throw Error(
        Text("cannot reach the run that this script belongs to: ", std::strerror(errno)));
  return socket;
}

void Send(const Fd& socket, const std::string& request, const Fd& file) {
  iovec bytes{const_cast<char*>(request.data()), request.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  const int descriptor = file.get();
  std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  if (::sendmsg(socket.get(), &header, MSG_NOSIGNAL) < 0)
    throw Error(Text("cannot ask for the rows: ", std::strerror(errno)));
}

/// Waits until the other side has done what was asked for.
void AwaitDone(const Fd& socket) {
  std::string answer(kLongestAnswer, '\0');
  ssize_t count = 0;
  do {
    count = ::recv(socket.get(), answer.data(), answer.size(), 0);
  } while (count < 0 && errno == EINTR);
  answer.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  if (answer == "ok") return;
  constexpr std::string_view kError = "error\n";
  if (answer.rfind(kError, 0) == 0) throw Error(answer.substr(kError.size()));
  throw Error("the script has been stopped");
}

void Ask(const std::vector<std::string>& fields, const Fd& file) {
  std::string request;
  for (const std::string& field : fields) {
    if (field.find('\n') != std::string::npos)
      throw Error(Text("a name with a line end in it: '", field, "'"));
    request += (request.empty() ? "" : "\n") + field;
  }
  const Fd socket = Connect();
  Send(socket, request, file);
  AwaitDone(socket);
}

}  // namespace

void ReadFrame(const std::string& relation, const std::string& format) {
  const Fd file = MakeSpoolFile();
  Ask({"read", relation, format}, file);
  ::lseek(file.get(), 0, SEEK_SET);
  Copy(file.get(), STDOUT_FILENO);
}

void WriteFrame(const std::string& relation, const std::string& format,
                const HowToWrite& how) {
  const Fd file = MakeSpoolFile();
  Copy(STDIN_FILENO, file.get());
  std::vector<std::string> fields = {"write", relation, format, how.mode,
                                     how.on_schema_change};
  fields.insert(fields.end(), how.unique_key.begin(), how.unique_key.end());
  Ask(fields, file);
}

}  // namespace aft
