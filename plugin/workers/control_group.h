// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace aft {

/// The control group (cgroup v2) that a worker host has made for its scripts.
///
/// The host kills and removes it itself, unless it is killed. What it leaves then ends
/// with this object.
class ControlGroup {
 public:
  /// `folder` is the group's, an absolute path. One that is not named as hosts name
  /// theirs is left alone.
  explicit ControlGroup(const std::filesystem::path& folder);
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  /// Kills what is left, and removes the group once it is empty.
  ~ControlGroup();

  /// Kills the processes in it and in the groups below it, where the kernel can.
  void Kill() const;

 private:
  void WaitUntilEmpty() const;
  void Remove() const;

  std::filesystem::path folder_;  ///< empty for one that is left alone
};

}  // namespace aft
