// SPDX-License-Identifier: Apache-2.0
#include "host_shim/plugin_library.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host_shim/error.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

struct stat StatusOf(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0)
    throw Error(Text("cannot load the plugin '", path.native(),
                     "': ", std::strerror(errno), "; is the installation complete?"));
  return status;
}

/// Refuses what another user of the machine could have written.
void CheckOwner(const fs::path& path) {
  const struct stat status = StatusOf(path);
  const struct stat program = StatusOf("/proc/self/exe");
  const bool is_trusted = status.st_uid == 0 || status.st_uid == ::geteuid() ||
                          status.st_uid == program.st_uid;
  if (!is_trusted || (status.st_mode & S_IWOTH) != 0)
    throw Error(Text("will not load the plugin: '", path.native(),
                     "' can be written by another user; mend its owner and mode"));
}

aft_plugin_init_function FindInit(const fs::path& path) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw Error(Text("cannot load the plugin: ", ::dlerror()));
  void* symbol = ::dlsym(library, "aft_plugin_init");
  if (symbol == nullptr)
    throw Error(Text("cannot load the plugin: '", path.native(),
                     "' is a library of another kind"));
  aft_plugin_init_function init = nullptr;
  std::memcpy(static_cast<void*>(&init), static_cast<const void*>(&symbol), sizeof init);
  return init;
}

/// Whether all that a host of this version calls is there.
bool IsComplete(const aft_plugin& plugin) {
  return plugin.size >= sizeof plugin && plugin.release != nullptr &&
         plugin.next_command != nullptr && plugin.on_line != nullptr &&
         plugin.on_exit != nullptr && plugin.on_ready != nullptr &&
         plugin.on_signal != nullptr && plugin.exit_code != nullptr;
}

}  // namespace

PluginLibrary::PluginLibrary(const fs::path& path) : path_(path) {
  if (!S_ISREG(StatusOf(path).st_mode))
    throw Error(Text("cannot load the plugin: '", path.native(), "' is not a file"));
  CheckOwner(path.parent_path());
  CheckOwner(path);
  init_ = FindInit(path);
}

PluginLibrary::~PluginLibrary() {
  if (plugin_.release != nullptr) plugin_.release(plugin_.self);
}

void PluginLibrary::Init(int argc, const char* const* argv, const aft_host& host) {
  plugin_.size = sizeof plugin_;
  aft_error error{};
  aft_status status = init_(AFT_ABI_VERSION, argc, argv, &host, &plugin_, &error);
  if (status == AFT_UNSUPPORTED) status = InitOldPlugin(argc, argv, host, error);
  if (status != AFT_OK) plugin_ = {};
  if (status == AFT_UNSUPPORTED)
    throw Error(Text("cannot use the plugin '", path_.native(), "': it does not speak ",
                     "version ", AFT_ABI_VERSION, " of the interface; install the ",
                     "program and the plugin from one release"));
  if (status != AFT_OK) throw Error(error.message);
  if (!IsComplete(plugin_))
    throw Error(Text("cannot use the plugin '", path_.native(), "': it is incomplete"));
}

/// It would take what is no command for an unknown one.
aft_status PluginLibrary::InitOldPlugin(int argc, const char* const* argv,
                                        const aft_host& host, aft_error& error) {
  const bool has_command = argc > 1 && argv[1][0] != '-';
  if (has_command)
    return init_(AFT_ABI_VERSION_OF_COMMANDS, argc, argv, &host, &plugin_, &error);
  throw Error(Text("the plugin '", path_.native(),
                   "' is of an older release, which takes ",
                   "the command first and has no help; install the program and the ",
                   "plugin from one release"));
}

}  // namespace aft
