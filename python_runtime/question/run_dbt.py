# SPDX-License-Identifier: Apache-2.0
"""Runs dbt's own script with the gate, in a Python that ignores PYTHONPATH.

The flags "-E" and "-I" in the first line of the script, as pipx writes them, make it so.
aft then starts that Python itself, with the same flags::

    PYTHON FLAG... run_dbt.py GATE_FOLDER DBT ARGUMENT...

The script finds in ``sys`` and ``__main__`` what it would find without this file.
"""

import os
import sys
import types


def _main():
    _, gate_folder, script = sys.argv[:3]
    del sys.argv[:2]
    # Where Python has put this file's folder, it would have put the script's.
    own_folder = os.path.dirname(os.path.realpath(__file__))
    if sys.path and os.path.realpath(sys.path[0]) == own_folder:
        sys.path[0] = os.path.dirname(os.path.realpath(script))
    # Last, so that all else is found as without it.
    sys.path.append(gate_folder)
    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec")
    main = types.ModuleType("__main__")
    main.__dict__.update(
        __annotations__={}, __builtins__=__builtins__, __cached__=None, __file__=script
    )
    sys.modules["__main__"] = main
    exec(code, main.__dict__)


_main()
