// SPDX-License-Identifier: Apache-2.0
#include "plugin/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host_shim/error.h"

namespace aft {

namespace fs = std::filesystem;

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
  WriteSynced(Fd(::open(draft.c_str(),
                        O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644)),
              text, path);
  if (::rename(draft.c_str(), path.c_str()) != 0)
    throw Error(Text("cannot write '", path.native(), "': ", std::strerror(errno)));
}

fs::file_time_type WrittenAt(const fs::path& path) {
  std::error_code code;
  const fs::file_time_type time = fs::last_write_time(path, code);
  return code ? fs::file_time_type::min() : time;
}

}  // namespace aft
