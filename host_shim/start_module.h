// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace aft {

/// What `python -c` runs to start a module of aft's package. Arguments: the folder of the
/// package, the module's name, and those of the module.
///
/// With -c Python puts the working folder first on sys.path, where a project may have
/// files named as modules of the standard library. It gives way before anything is
/// imported.
inline constexpr const char* kStartModule =
    "import sys\n"
    "if sys.path[:1] == ['']: del sys.path[0]\n"
    "sys.path.insert(0, sys.argv.pop(1))\n"
    "from aft.entry import run\n"
    "run(sys.argv.pop(1))\n";

}  // namespace aft
