// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/odbc/library.h"

#include <dlfcn.h>

#include "host_shim/error.h"

namespace aft::odbc {
namespace {

constexpr const char* kLibrary = "libodbc.so.2";

/// Never closed: drivers and threads of theirs may live as long as the process.
void* Library() {
  static void* const kFound = [] {
    void* found = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    if (found == nullptr)
      throw Error(Text("cannot load unixODBC: ", ::dlerror(),
                       "; on Debian and Ubuntu: apt-get install unixodbc"));
    return found;
  }();
  return kFound;
}

}  // namespace

void LoadLibrary() { static_cast<void>(Library()); }

void* FindFunction(const char* name) {
  void* function = ::dlsym(Library(), name);
  if (function == nullptr)
    throw Error(Text("cannot use unixODBC: '", kLibrary, "' has no ", name,
                     "; install unixODBC 2.3 or later"));
  return function;
}

}  // namespace aft::odbc
