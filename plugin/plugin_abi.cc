// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host_shim/aft_plugin.h"
#include "host_shim/error.h"
#include "plugin/scripts/console.h"
#include "plugin/session.h"

// The C functions of the plugin over a Session. This is where exceptions become statuses.

namespace aft {
namespace {

namespace fs = std::filesystem;

/// A session with the C form of its command, which the host reads.
struct Instance {
  explicit Instance(std::unique_ptr<Session> new_session)
      : session(std::move(new_session)) {}

  std::unique_ptr<Session> session;
  std::vector<const char*> argv;
  std::vector<const char*> environment;
};

Instance& At(void* self) { return *static_cast<Instance*>(self); }

/// Names in it may come from files, with anything in them.
void SetMessage(aft_error* error, const std::string& text) {
  if (error == nullptr) return;
  const std::string message = Printable(text);
  const std::size_t count = std::min(message.size(), sizeof error->message - 1);
  std::memcpy(error->message, message.data(), count);
  error->message[count] = '\0';
}

template <typename Function>
aft_status Guard(aft_error* error, Function function) noexcept {
  try {
    return function();
  } catch (const std::exception& exception) {
    SetMessage(error, exception.what());
  } catch (...) {
    SetMessage(error, "an exception of unknown type");
  }
  return AFT_FAILED;
}

std::vector<const char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<const char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) pointers.push_back(string.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

void Release(void* self) { delete static_cast<Instance*>(self); }

aft_status NextCommand(void* self, aft_command* command, aft_error* error) {
  return Guard(error, [&] {
    Instance& instance = At(self);
    switch (instance.session->NextStep()) {
      case Run::Next::kWait:
        return AFT_WAIT;
      case Run::Next::kEnd:
        return AFT_DONE;
      case Run::Next::kStart:
        break;
    }
    instance.argv = Pointers(instance.session->command().argv);
    instance.environment = Pointers(instance.session->command().environment);
    aft_command filled{};
    filled.size = std::min(command->size, sizeof filled);
    filled.argv = instance.argv.data();
    filled.environment = instance.environment.data();
    filled.output = instance.session->command().is_captured ? AFT_OUTPUT_CAPTURED
                                                            : AFT_OUTPUT_INHERITED;
    std::memcpy(command, &filled, filled.size);
    return AFT_OK;
  });
}

aft_status OnLine(void* self, const char* line, size_t length, aft_error* error) {
  return Guard(error, [&] {
    At(self).session->TakeLine(std::string(line, length));
    return AFT_OK;
  });
}

aft_status OnExit(void* self, int wait_status, aft_error* error) {
  return Guard(error, [&] {
    At(self).session->CommandExited(wait_status);
    return AFT_OK;
  });
}

aft_status OnReady(void* self, aft_error* error) {
  return Guard(error, [&] {
    At(self).session->Dispatch();
    return AFT_OK;
  });
}

aft_status OnSignal(void* self, int signal, int32_t origin, aft_error* error) {
  return Guard(error, [&] {
    At(self).session->Signalled(signal, origin == AFT_SIGNAL_FROM_TERMINAL);
    return AFT_OK;
  });
}

int ExitCode(void* self) { return At(self).session->exit_code(); }

/// The folders of the installation that this library belongs to.
Installation FindInstallation() {
  Dl_info library{};
  if (::dladdr(reinterpret_cast<const void*>(&FindInstallation), &library) == 0)
    throw Error("cannot tell where the plugin was loaded from");
  const fs::path folder = fs::canonical(library.dli_fname).parent_path();
  const fs::path python = folder / "python";
  return {folder / "aft-python", python, python / "gate", python / "question"};
}

HostFunctions Wrap(const aft_host* host) {
  return {[host](int signal) { host->signal_child(host->self, signal); },
          {[host](const std::string& text) {
             host->write(host->self, 1, text.data(), text.size());
           },
           [host](const std::string& text) {
             const std::string printable = Printable(text);
             host->write(host->self, 2, printable.data(), printable.size());
           }}};
}

std::unique_ptr<Instance> MakeInstance(int argc, const char* const* argv,
                                       const aft_host* host) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  return std::make_unique<Instance>(
      std::make_unique<Session>(arguments, FindInstallation(), Wrap(host)));
}

}  // namespace
}  // namespace aft

extern "C" __attribute__((visibility("default"))) aft_status
aft_plugin_init(uint32_t abi_version, int argc, const char* const* argv,
                const aft_host* host, aft_plugin* plugin, aft_error* error) {
  using namespace aft;  // NOLINT(google-build-using-namespace): C has no namespaces.
  // A host of the older version gives a command first, which is an argv like any other.
  if (abi_version < AFT_ABI_VERSION_OF_COMMANDS || abi_version > AFT_ABI_VERSION)
    return AFT_UNSUPPORTED;
  return Guard(error, [&] {
    std::unique_ptr<Instance> instance = MakeInstance(argc, argv, host);
    aft_plugin filled{};
    filled.size = std::min(plugin->size, sizeof filled);
    filled.event_fd = instance->session->event_fd();
    filled.release = Release;
    filled.next_command = NextCommand;
    filled.on_line = OnLine;
    filled.on_exit = OnExit;
    filled.on_ready = OnReady;
    filled.on_signal = OnSignal;
    filled.exit_code = ExitCode;
    filled.self = instance.release();
    std::memcpy(plugin, &filled, filled.size);
    return AFT_OK;
  });
}
