// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/control_group.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string_view>
#include <system_error>
#include <vector>

#include "host_shim/fd.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

// As in python_runtime/aft/cgroup_place.py.
constexpr std::string_view kPrefix = "aft-scripts-";

// What a killed process takes to end, unless the kernel itself keeps it.
constexpr std::chrono::milliseconds kPatience{2'000};

bool IsPopulated(const Fd& events) {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::pread(events.get(), bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  const std::string_view text(bytes.data(), static_cast<std::size_t>(count));
  return text.find("populated 1") != std::string_view::npos;
}

}  // namespace

ControlGroup::ControlGroup(const fs::path& folder) {
  if (folder.is_absolute() && folder.filename().native().starts_with(kPrefix))
    folder_ = folder;
}

ControlGroup::~ControlGroup() {
  if (folder_.empty()) return;
  Kill();
  WaitUntilEmpty();
  Remove();
}

void ControlGroup::Kill() const {
  // An empty path would make the names of its files those of the working folder.
  if (folder_.empty()) return;
  const Fd file(::open((folder_ / "cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
  // The file is there from Linux 5.14 on, and gone when the host has removed the group.
  if (file.IsOpen()) static_cast<void>(::write(file.get(), "1", 1));
}

void ControlGroup::WaitUntilEmpty() const {
  using std::chrono::steady_clock;
  const Fd events(::open((folder_ / "cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  const auto deadline = steady_clock::now() + kPatience;
  while (events.IsOpen() && IsPopulated(events)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - steady_clock::now());
    if (left.count() <= 0) return;
    pollfd changed{events.get(), POLLPRI, 0};
    ::poll(&changed, 1, static_cast<int>(left.count()));
  }
}

void ControlGroup::Remove() const {
  std::error_code code;
  std::vector<fs::path> folders = {folder_};
  for (auto entry = fs::recursive_directory_iterator(folder_, code);
       !code && entry != fs::recursive_directory_iterator(); entry.increment(code))
    if (entry->is_directory(code)) folders.push_back(entry->path());
  // Each group comes after the one that it is in.
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder)
    ::rmdir(folder->c_str());
}

}  // namespace aft
