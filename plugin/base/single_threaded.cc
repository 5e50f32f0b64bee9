// SPDX-License-Identifier: Apache-2.0

// Stands in for libc's flag of that name in a plugin that contains yaml-cpp; see
// packaging/yaml_cpp.cmake.
extern "C" {
extern const char aft_libc_single_threaded;
const char aft_libc_single_threaded = 0;
}
