# SPDX-License-Identifier: Apache-2.0
# One binary serves every CPython since 3.9. FindPython3 knows the limited API from
# CMake 3.26 on only.
function(aft_finish_module name)
  target_compile_definitions(${name} PRIVATE Py_LIMITED_API=0x03090000)
  target_include_directories(${name} SYSTEM PRIVATE ${Python3_INCLUDE_DIRS})
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".abi3.so" LIBRARY_OUTPUT_DIRECTORY ${AFT_PYTHON_DIR}/aft)
  install(TARGETS ${name} LIBRARY DESTINATION ${AFT_INSTALL_LIB}/python/aft)
endfunction()

add_library(_aft MODULE
  connection_type.cc
  fork_into_group.cc
  module.cc
  open_warehouse.cc
  py_border.cc
  requests.cc
  result_type.cc
  transport_connection.cc)
target_link_libraries(_aft PRIVATE aft_warehouse)
aft_finish_module(_aft)

add_library(_secrets MODULE py_border.cc secrets_module.cc)
target_link_libraries(_secrets PRIVATE aft_secrets)
aft_finish_module(_secrets)
