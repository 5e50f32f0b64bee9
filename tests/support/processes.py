# SPDX-License-Identifier: Apache-2.0
"""What runs on this machine, and waiting for it to change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60.0  # seconds


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return when `condition` holds; fail when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.01)


def act_when(condition: Callable[[], object], act: Callable[[], None]) -> threading.Thread:
    """Act in a thread once ``condition`` holds."""

    def wait_and_act() -> None:
        wait_until(condition, "the moment has come")
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def is_running(pid: int) -> bool:
    """Whether the process is there, other than as a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # The second when it ends meanwhile.
        return False
    return state != "Z"


def children_of(pid: int) -> list[int]:
    """The processes that the main thread of ``pid`` has started or adopted."""
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def processes_with(folder: Path, variable: str = "TMPDIR") -> list[str]:
    """The commands of all processes in whose environment `variable` is `folder`."""
    wanted = f"{variable}={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # It has ended, or is somebody else's.
            continue
    return found
