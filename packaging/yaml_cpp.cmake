# SPDX-License-Identifier: Apache-2.0
# Defines aft_yaml_cpp, which is yaml-cpp as the build wants it.
find_package(yaml-cpp REQUIRED)
add_library(aft_yaml_cpp INTERFACE)
if(AFT_SELF_CONTAINED)
  find_library(AFT_YAML_CPP_ARCHIVE libyaml-cpp.a REQUIRED)
  # Debian builds the archive for programs: it wants libc's flag "no other thread was ever
  # started" at a fixed distance. The plugin gives it one of its own, which says "perhaps".
  target_sources(aft_yaml_cpp INTERFACE ${PROJECT_SOURCE_DIR}/plugin/base/single_threaded.cc)
  target_link_libraries(aft_yaml_cpp INTERFACE ${AFT_YAML_CPP_ARCHIVE})
  target_link_options(aft_yaml_cpp INTERFACE
    -Wl,--defsym=__libc_single_threaded=aft_libc_single_threaded)
elseif(TARGET yaml-cpp::yaml-cpp)
  target_link_libraries(aft_yaml_cpp INTERFACE yaml-cpp::yaml-cpp)
else()
  target_link_libraries(aft_yaml_cpp INTERFACE yaml-cpp)
endif()
