# SPDX-License-Identifier: Apache-2.0
# One binary serves every CPython since 3.9. FindPython3 knows the limited API from
# CMake 3.26 on only.
add_library(_aft MODULE
  connection_type.cc
  fork_into_group.cc
  module.cc
  py_border.cc
  result_type.cc)
target_compile_definitions(_aft PRIVATE Py_LIMITED_API=0x03090000)
target_include_directories(_aft SYSTEM PRIVATE ${Python3_INCLUDE_DIRS})
target_link_libraries(_aft PRIVATE aft_warehouse)
set_target_properties(_aft PROPERTIES
  PREFIX "" SUFFIX ".abi3.so" LIBRARY_OUTPUT_DIRECTORY ${AFT_PYTHON_DIR}/aft)
