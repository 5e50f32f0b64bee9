# SPDX-License-Identifier: Apache-2.0
"""Where each program of ours begins: what ends one early takes a line, not a traceback."""

from __future__ import annotations

import importlib
import os
import signal
import sys

from aft.errors import AftError

# What a shell reports for a process that a signal ended.
_SIGNAL_BASE = 128


def run(name: str) -> None:
    """Call ``main()`` of the module ``name``; exit as a program does that ends early."""
    try:
        try:
            importlib.import_module(name).main()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads any more. Python would write what is left once again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_SIGNAL_BASE + signal.SIGPIPE)
    except KeyboardInterrupt:
        print("aft: interrupted", file=sys.stderr)
        sys.exit(_SIGNAL_BASE + signal.SIGINT)
    except AftError as error:
        sys.exit(f"aft: {error}")
    except ModuleNotFoundError as error:
        sys.exit(f"aft: cannot use Python at '{sys.executable}': {error}")
