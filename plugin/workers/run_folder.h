// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "host_shim/fd.h"

namespace aft {

/// A folder for this run's socket that nobody but this user can enter.
///
/// Removed at the end. Making one also removes those that killed runs left behind:
/// a living run holds a lock on its folder, and a dead one can't.
class RunFolder {
 public:
  RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  ~RunFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  Fd lock_;
};

}  // namespace aft
