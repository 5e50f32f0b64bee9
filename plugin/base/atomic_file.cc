// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host_shim/error.h"

namespace aft {

namespace fs = std::filesystem;

namespace {

/// Whether `path` still names the file that is open, which another may have renamed.
bool IsAt(const Fd& file, const fs::path& path) {
  struct stat opened{};
  struct stat named{};
  return ::fstat(file.get(), &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/// The draft, as no other process has it: another run may write into the same folder.
/// A name of its own for each would leave drafts behind of those that are killed.
Fd OpenAlone(const fs::path& draft) {
  while (true) {
    Fd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file.IsOpen()) return file;
    while (::flock(file.get(), LOCK_EX) != 0 && errno == EINTR) continue;
    if (IsAt(file, draft)) return file;
  }
}

}  // namespace

void WriteSynced(const Fd& file, std::string_view text, const fs::path& path) {
  while (file.IsOpen() && !text.empty()) {
    const ssize_t count = ::write(file.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (!file.IsOpen() || !text.empty() || ::fsync(file.get()) != 0)
    throw Error(Text("cannot write '", path.native(), "': ", std::strerror(errno)));
}

void WriteAtomically(const fs::path& path, const std::string& text) {
  const fs::path draft = path.native() + ".draft";
  const Fd file = OpenAlone(draft);
  if (file.IsOpen() && ::ftruncate(file.get(), 0) != 0)
    throw Error(Text("cannot write '", path.native(), "': ", std::strerror(errno)));
  WriteSynced(file, text, path);
  if (::rename(draft.c_str(), path.c_str()) != 0)
    throw Error(Text("cannot write '", path.native(), "': ", std::strerror(errno)));
}

fs::file_time_type WrittenAt(const fs::path& path) {
  std::error_code code;
  const fs::file_time_type time = fs::last_write_time(path, code);
  return code ? fs::file_time_type::min() : time;
}

}  // namespace aft
