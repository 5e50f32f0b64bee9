// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "host_shim/aft_plugin.h"

namespace aft {

/// A plugin loaded from its file, and one session of it.
///
/// The library stays loaded until the process ends: its code may be on the way out of a
/// call, and its threads may outlive the session.
class PluginLibrary {
 public:
  /// Loads the plugin at `path`, which is absolute. Throws Error when the file is one
  /// that somebody else could have put there, or is no plugin of a version spoken here.
  explicit PluginLibrary(const std::filesystem::path& path);
  PluginLibrary(const PluginLibrary&) = delete;
  PluginLibrary& operator=(const PluginLibrary&) = delete;
  ~PluginLibrary();

  /// Begins the session, in the newest version of the interface that both sides speak.
  /// Throws Error with the plugin's own message.
  void Init(int argc, const char* const* argv, const aft_host& host);

  [[nodiscard]] const aft_plugin& functions() const { return plugin_; }

 private:
  aft_status InitOldPlugin(int argc, const char* const* argv, const aft_host& host,
                           aft_error& error);

  std::filesystem::path path_;
  aft_plugin_init_function init_ = nullptr;
  aft_plugin plugin_{};
};

}  // namespace aft
