# SPDX-License-Identifier: Apache-2.0
"""The modules that a worker host imports before it forks, and the threads that they leave."""

from __future__ import annotations

import importlib
import os
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path

from aft import channel
from aft.errors import AftError
from aft.install_hint import how_to_install

# Tested to survive a fork; whatever else a script needs it imports by itself.
WARM_MODULES = ("numpy", "pandas", "pyarrow")
# Threads that these modules start, and that know of forks (jemalloc).
_FORK_SAFE_THREADS = frozenset({"jemalloc_bg_thd"})
# The kernel may list a thread for a moment after it was joined.
_PATIENCE = 1.0  # seconds


def import_all() -> list[str]:
    """Import the modules; the names of threads by now that may not survive a fork."""
    before = set(_unsafe_threads())
    for name in WARM_MODULES:
        _import(name)
    started = set(_unsafe_threads()) - before
    if started:
        _stop_blas_threads(started)
    return sorted(_unsafe_threads().values())


def _unsafe_threads() -> dict[int, str]:
    """The names of this process's threads that may not survive a fork, by their ids."""
    names = {}
    for thread in Path("/proc/self/task").iterdir():
        if int(thread.name) != os.getpid():
            # It may have ended since it was listed.
            with suppress(FileNotFoundError, ProcessLookupError):
                names[int(thread.name)] = (thread / "comm").read_text().rstrip("\n")
    return {at: name for at, name in names.items() if name not in _FORK_SAFE_THREADS}


def _stop_blas_threads(started: set[int]) -> None:
    """Have OpenBLAS, which numpy loads, end its threads.

    It does so before any fork, and starts them again in each process that needs them: the
    scripts' numpy has as many as ever.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and not started.isdisjoint(_unsafe_threads()):
        time.sleep(0.001)


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception as error:
        raise AftError(
            f"cannot import '{name}' with Python at '{sys.executable}': "
            f"{channel.sendable(str(error), limit=4096)}; {how_to_install([name], again=True)}"
        ) from None
