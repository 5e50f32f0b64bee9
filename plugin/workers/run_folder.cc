// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "host_shim/error.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "aft-run-";

// The address of a Unix socket has 108 bytes; what is too long for it can't be used.
constexpr std::size_t kLongestParent = 70;

/// Whether nobody else can put another folder in the place of ours: root and this user
/// may own `folder`, and others may write to it only where they can't rename what isn't
/// theirs.
bool IsTrusted(const fs::path& folder) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) return false;
  if (status.st_uid != ::geteuid() && status.st_uid != 0) return false;
  return (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (status.st_mode & S_ISVTX) != 0;
}

// sudo and su may keep the variables of another user, whose folders root can write to.
bool IsUsable(const fs::path& folder) {
  return folder.is_absolute() && folder.native().size() <= kLongestParent &&
         ::access(folder.c_str(), W_OK | X_OK) == 0 && IsTrusted(folder);
}

fs::path Parent() {
  for (const char* name : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && IsUsable(value)) return value;
  }
  return "/tmp";
}

Fd OpenFolder(const fs::path& path) {
  return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool IsOurs(const Fd& folder) {
  struct stat status{};
  return ::fstat(folder.get(), &status) == 0 && status.st_uid == ::geteuid();
}

void RemoveLeftovers(const fs::path& parent) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, ignored)) {
    if (entry.path().filename().native().rfind(kPrefix, 0) != 0) continue;
    const Fd folder = OpenFolder(entry.path());
    if (!folder.IsOpen() || !IsOurs(folder)) continue;
    if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0)
      fs::remove_all(entry.path(), ignored);
  }
}

fs::path MakeFolder(const fs::path& parent) {
  std::string name = parent / (std::string(kPrefix) + "XXXXXX");
  if (::mkdtemp(name.data()) == nullptr)
    throw Error(Text("cannot make a private folder in '", parent.native(), "': ",
                     std::strerror(errno), "; set TMPDIR to a folder you can write to"));
  return name;
}

/// Locks a folder; false where another run has taken it for a leftover before.
bool Lock(const Fd& folder, const fs::path& path) {
  if (!folder.IsOpen()) {
    if (!fs::exists(path)) return false;
    throw Error(Text("cannot open '", path.native(), "'"));
  }
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0) return fs::exists(path);
  if (errno == EWOULDBLOCK) return false;
  throw Error(Text("cannot lock '", path.native(), "': ", std::strerror(errno)));
}

}  // namespace

RunFolder::RunFolder() {
  const fs::path parent = Parent();
  RemoveLeftovers(parent);
  do {
    path_ = MakeFolder(parent);
    lock_ = OpenFolder(path_);
  } while (!Lock(lock_, path_));
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace aft
