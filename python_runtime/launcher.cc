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
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

// aft-python: runs aft's worker host in the Python of somebody else's environment.
//
// `aft-python --python INTERPRETER` loads the library of that interpreter into this
// process and runs `aft.host` in it. An interpreter without a shared library is started
// instead.

namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1;
constexpr int kMisused = 2;

// With -c the first entry of sys.path is the working folder, where a project may have
// files named as modules of the standard library. It gives way before anything is
// imported.
constexpr const char* kBootstrap =
    "import sys\n"
    "sys.path[0] = sys.argv[1]\n"
    "from aft.host import main\n"
    "main()\n";

// LIBDIR is where the library was installed, even for a virtual environment.
constexpr const char* kFindLibrary =
    "import sysconfig as s, os\n"
    "name = s.get_config_var('INSTSONAME') or ''\n"
    "folders = [s.get_config_var('LIBDIR') or '', (s.get_config_var('LIBDIR') or '') + "
    "'/'"
    " + (s.get_config_var('MULTIARCH') or '')]\n"
    "paths = [os.path.join(f, name) for f in folders if '.so' in name]\n"
    "print(next((p for p in paths if os.path.isfile(p)), ''), end='')\n";

/// What `program` with `arguments` prints; empty when it fails.
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
  while ((count = ::read(ends[0], bytes.data(), bytes.size())) > 0)
    output.append(bytes.data(), static_cast<std::size_t>(count));
  ::close(ends[0]);
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid || status != 0) return "";
  return output;
}

using PythonMain = int (*)(int, char**);

/// Py_BytesMain of the interpreter's own library, or nullptr where it has none.
PythonMain LoadPython(const std::string& interpreter) {
  const std::string path =
      OutputOf({interpreter.c_str(), "-I", "-S", "-c", kFindLibrary, nullptr});
  if (path.empty() || path.front() != '/') return nullptr;
  // Extension modules look for Python's symbols in the global scope.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) return nullptr;
  void* symbol = ::dlsym(library, "Py_BytesMain");
  PythonMain python_main = nullptr;
  std::memcpy(&python_main, &symbol, sizeof python_main);
  return python_main;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != "--python") {
    std::cerr << "usage: aft-python --python INTERPRETER\n";
    return kMisused;
  }
  const std::string interpreter = argv[2];
  std::error_code code;
  const fs::path program = fs::canonical("/proc/self/exe", code);
  const std::string package_folder =
      program.parent_path().parent_path().parent_path() / "python";

  // With the interpreter's own path as its name Python finds the environment that the
  // interpreter belongs to (PEP 405).
  std::vector<const char*> arguments = {interpreter.c_str(), "-c", kBootstrap,
                                        package_folder.c_str(), nullptr};
  const PythonMain python_main = LoadPython(interpreter);
  if (python_main != nullptr)
    return python_main(static_cast<int>(arguments.size()) - 1,
                       const_cast<char**>(arguments.data()));
  ::execv(interpreter.c_str(), const_cast<char* const*>(arguments.data()));
  std::cerr << "aft-python: cannot start '" << interpreter
            << "': " << std::strerror(errno) << '\n';
  return kFailed;
}
