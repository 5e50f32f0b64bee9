// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace aft {

/// What `python -c` runs to start a module of aft's package. Arguments: the folder of the
/// package, the module's name, and those of the module.
///
/// With -c Python puts the working folder first on sys.path, where a project may have
/// files named as modules of the standard library. It gives way before anything is
/// imported.
///
/// Any Python can be told to run this, so it is in the words of the oldest. One in which
/// the package can't be imported is named instead of a traceback: a build with a 't' is
/// free-threaded and loads no module that keeps to the stable ABI.
inline constexpr const char* kStartModule = R"(import sys
if sys.path[:1] == ['']: del sys.path[0]
sys.path.insert(0, sys.argv.pop(1))
problem = ("older than 3.9; install dbt in an environment of a newer Python"
           if sys.version_info < (3, 9) else
           "a free-threaded build, which aft does not support; install dbt in an "
           "environment of the usual build"
           if "t" in sys.abiflags else "")
if problem: sys.exit("aft: Python at '%s' is %s" % (sys.executable, problem))
from aft.entry import run
run(sys.argv.pop(1))
)";

}  // namespace aft
