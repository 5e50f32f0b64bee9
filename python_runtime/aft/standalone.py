# SPDX-License-Identifier: Apache-2.0
"""Gets a process ready that no run of aft has started: a notebook's, or a program's."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from pathlib import Path

from aft import messages, odbc, started_anew

_preparing = threading.Lock()


def prepare() -> None:
    """Let drivers write no logs, and warnings be Python's. In a script all of it is done."""
    with _preparing:
        if started_anew.is_of_script() or odbc.folder_without_logs() is not None:
            return
        messages.warn_as_python()
        folder = Path(tempfile.mkdtemp(prefix="aft-odbc-"))
        atexit.register(_remove, folder, os.getpid())
        odbc.keep_logs_off(folder / "odbc")


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
