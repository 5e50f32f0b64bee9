// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "host_shim/start_module.h"
#include "python_runtime/guardian.h"

// aft-python: runs aft's worker host in the Python of somebody else's environment.
//
// `aft-python --python INTERPRETER` loads the library of that interpreter into this
// process and runs `aft.host` in it, below a guardian, with the package `aft` in the
// folder `python` beside this program. `--run MODULE ARGUMENT...` runs another module of
// that package, without a guardian, and `--group FOLDER` before it first enters that
// control group. With other arguments it does what the interpreter does with them. An
// interpreter without a shared library is started in this process's place instead;
// AFT_PYTHON_EMBEDDED says to the Python code which of both it was, as 1 or 0.

namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1;
constexpr int kMisused = 2;

// LIBDIR is where the library was installed, for a virtual environment as well, but a
// Python that has been moved since then has it below its base_prefix.
constexpr const char* kFindLibrary =
    "import os, sys, sysconfig\n"
    "name = sysconfig.get_config_var('INSTSONAME') or ''\n"
    "folder = sysconfig.get_config_var('LIBDIR') or ''\n"
    "architecture = sysconfig.get_config_var('MULTIARCH') or ''\n"
    "folders = [folder, os.path.join(folder, architecture),\n"
    "           os.path.join(sys.base_prefix, 'lib')]\n"
    "paths = [os.path.join(folder, name) for folder in folders if '.so' in name]\n"
    "found = [path for path in paths if os.path.isfile(path)]\n"
    "sys.stdout.write(found[0] if found else '')\n";

/// What the program at argv[0] prints; empty when it fails.
std::string OutputOf(const std::vector<const char*>& argv) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return "";
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execv(argv.front(), const_cast<char* const*>(argv.data()));
    ::_exit(kFailed);
  }
  ::close(ends[1]);
  std::string output;
  std::array<char, 4096> bytes{};
  ssize_t count = 0;
  while ((count = ::read(ends[0], bytes.data(), bytes.size())) > 0 ||
         (count < 0 && errno == EINTR))
    if (count > 0) output.append(bytes.data(), static_cast<std::size_t>(count));
  ::close(ends[0]);
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid || status != 0) return "";
  return output;
}

using PythonMain = int (*)(int, char**);

/// Py_BytesMain of the interpreter's own library, or nullptr where it has none.
PythonMain LoadPython(const char* interpreter) {
  const std::string path =
      OutputOf({interpreter, "-I", "-S", "-c", kFindLibrary, nullptr});
  if (path.empty() || path.front() != '/') return nullptr;
  // Extension modules look for Python's symbols in the global scope.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) return nullptr;
  return reinterpret_cast<PythonMain>(::dlsym(library, "Py_BytesMain"));
}

/// Enters a control group. Whether that succeeded is seen in Python, which enters it as
/// well.
void EnterGroup(const char* folder) {
  const int file = ::open((fs::path(folder) / "cgroup.procs").c_str(), O_WRONLY);
  static_cast<void>(::write(file, "0", 1));
  ::close(file);
}

/// Takes an option and its value from the front of `arguments`; the value, or nullptr
/// where something else stands there.
const char* TakeOption(std::string_view name, std::vector<const char*>& arguments) {
  if (arguments.size() < 2 || arguments.front() != name) return nullptr;
  const char* value = arguments[1];
  arguments.erase(arguments.begin(), arguments.begin() + 2);
  return value;
}

/// The folder of the package `aft`, beside this program.
fs::path PackageFolder() {
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  return program.parent_path() / "python";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || std::string_view(argv[1]) != "--python") {
    std::fputs("usage: aft-python --python INTERPRETER [ARGUMENT...]\n", stderr);
    return kMisused;
  }
  std::vector<const char*> arguments(argv + 3, argv + argc);
  if (const char* group = TakeOption("--group", arguments)) EnterGroup(group);
  const char* module = TakeOption("--run", arguments);
  if (module == nullptr && arguments.empty()) {
    aft::ContinueGuarded();
    module = "aft.host";
  }
  const std::string package_folder = PackageFolder();
  if (module != nullptr)
    arguments.insert(arguments.begin(),
                     {"-c", aft::kStartModule, package_folder.c_str(), module});
  // With the interpreter's own path as its name Python finds the environment that the
  // interpreter belongs to (PEP 405).
  arguments.insert(arguments.begin(), argv[2]);
  arguments.push_back(nullptr);

  const PythonMain python_main = LoadPython(arguments.front());
  ::setenv("AFT_PYTHON_EMBEDDED", python_main != nullptr ? "1" : "0", 1);
  char* const* python_argv = const_cast<char* const*>(arguments.data());
  if (python_main != nullptr)
    return python_main(static_cast<int>(arguments.size()) - 1,
                       const_cast<char**>(python_argv));
  ::execv(arguments.front(), python_argv);
  std::fprintf(stderr, "aft-python: cannot start '%s': %s\n", arguments.front(),
               std::strerror(errno));
  return kFailed;
}
