# SPDX-License-Identifier: Apache-2.0
# A free-threaded build of Python has no stable ABI, and hundreds of lines would say so.
execute_process(
  COMMAND ${Python3_EXECUTABLE} -c
    "import sysconfig; print(sysconfig.get_config_var('Py_GIL_DISABLED') or 0)"
  OUTPUT_VARIABLE AFT_PYTHON_IS_FREE_THREADED
  OUTPUT_STRIP_TRAILING_WHITESPACE)
if(AFT_PYTHON_IS_FREE_THREADED)
  message(FATAL_ERROR "aft does not support free-threaded Python, which "
    "'${Python3_EXECUTABLE}' is; use the usual build of Python")
endif()
