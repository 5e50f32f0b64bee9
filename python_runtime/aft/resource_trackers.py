# SPDX-License-Identifier: Apache-2.0
"""Lets Python's resource trackers do their work when a script is over.

A tracker is a process that removes the semaphores and the shared memory of those that
could not do so themselves, and ends when they are gone: multiprocessing/resource_tracker.py;
joblib has one of its own. Killed with the script, it would leave them in /dev/shm.
"""

from __future__ import annotations

import os
import re
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

# What trackers have for their work: a file to remove for each semaphore.
PATIENCE = 1.0
# For trackers that are ready to work while a busy machine gives them no processor.
LONGEST_PATIENCE = 10.0
_PROGRAM = re.compile(rb"from [\w.]+\.resource_tracker import main; ?main\([\w, ]+\)$")
# How often to look for processes whose parent has just been killed.
_LOOK_AGAIN = 0.05


def let_finish(children: Callable[[], Iterable[int]]) -> None:
    """Kill ``children`` and what they have started, but let trackers among them end.

    Does nothing where there is no tracker. This process must adopt orphans. Nothing is
    reaped; a tracker that has not ended after a while is left alive.
    """
    begun = time.monotonic()
    out_of_reach: set[int] = set()
    while time.monotonic() < begun + LONGEST_PATIENCE:
        living = [pid for pid in children() if _command(pid) and pid not in out_of_reach]
        trackers = list(filter(_is_tracker, _with_descendants(living)))
        is_late = time.monotonic() >= begun + PATIENCE
        if not trackers or (is_late and not any(map(_is_running, trackers))):
            return
        for pid in living:
            if not _is_tracker(pid) and not _kill(pid):
                out_of_reach.add(pid)
        _wait_for_one(living)


def _with_descendants(pids: Iterable[int]) -> Iterator[int]:
    for pid in pids:
        yield pid
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            yield from _with_descendants(map(int, _read(file).split()))


def _is_tracker(pid: int) -> bool:
    """Whether Python was started as for a tracker: ``python … -c 'from … import main…'``."""
    *before, program = _command(pid).rstrip(b"\0").split(b"\0")
    return before[-1:] == [b"-c"] and _PROGRAM.match(program) is not None


def _is_running(pid: int) -> bool:
    """Whether a process has a processor or waits for one; proc(5), stat."""
    _, _, state = _read(Path(f"/proc/{pid}/stat")).rpartition(b") ")
    return state.startswith(b"R")


def _command(pid: int) -> bytes:
    """How a process was called; empty for one that has ended."""
    return _read(Path(f"/proc/{pid}/cmdline"))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except PermissionError:
        return False  # It runs as another user.
    except ProcessLookupError:
        pass
    return True


def _wait_for_one(pids: Iterable[int]) -> None:
    """Return when one of these processes has ended, or after a moment."""
    poll = select.poll()
    descriptors = []
    for pid in pids:
        try:
            descriptors.append(os.pidfd_open(pid))
        except OSError:
            continue  # It has been reaped, or there are too many.
        poll.register(descriptors[-1], select.POLLIN)
    poll.poll(_LOOK_AGAIN * 1000)
    for descriptor in descriptors:
        os.close(descriptor)
