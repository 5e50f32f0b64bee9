# SPDX-License-Identifier: Apache-2.0
"""Control groups (cgroup v2) of a worker host and its scripts.

The host makes one for itself and one in that for each script. A script's group holds the
memory of all its processes together, and ends them all at once.
"""

from __future__ import annotations

import fcntl
import os
import select
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aft.cgroup_place import (
    HOSTS_PREFIX,
    PROCESSES,
    RUN_PREFIX,
    Place,
    Unusable,
    enable_memory,
    write,
)

# What a killed process takes to end, unless the kernel itself keeps it.
_PATIENCE = 2.0  # seconds
_EVENTS = "cgroup.events"
_KILL = "cgroup.kill"  # Linux 5.14
_PEAK = "memory.peak"  # Linux 5.19


@dataclass(frozen=True)
class MemoryUse:
    """What a script's processes have taken together."""

    peak: int | None  # bytes; None where the kernel does not tell
    is_exceeded: bool  # The kernel has ended processes for it.


class ScriptGroup:
    """The control group of one script."""

    def __init__(self, folder: Path, holds_memory: bool) -> None:
        self.folder = folder
        self.holds_memory = holds_memory

    def end(self) -> MemoryUse:
        """Kill what is left in the group, and remove it."""
        if "populated 1" in _read(self.folder / _EVENTS):
            kill(self.folder)
            _wait_until_empty(self.folder)
        peak = _read(self.folder / _PEAK)
        events = _read(self.folder / "memory.events").split()
        killed = dict(zip(events[::2], events[1::2])).get("oom_kill", "0")
        remove(self.folder)
        return MemoryUse(int(peak) if peak else None, killed != "0")


class HostGroup:
    """The control group of a worker host: it holds its scripts' groups and no process.

    A lock on its folder says that the host lives.
    """

    def __init__(self, place: Place) -> None:
        """Make the group in ``place``, and remove what hosts that were killed have left."""
        self.why_no_memory = place.why_no_memory
        try:
            _remove_leftovers(place.folder)
            self.folder, self._lock = _make_locked(place.folder)
            if not self.why_no_memory and not enable_memory(self.folder):
                self.why_no_memory = f"the kernel refuses it to '{self.folder}'"
        except OSError as error:
            raise Unusable(f"no group can be made: {error}") from None
        self.kills = (self.folder / _KILL).exists()
        if not self.kills and not self.holds_memory:
            self.close()
            raise Unusable(f"it can't kill before Linux 5.14, and {self.why_no_memory}")

    @property
    def holds_memory(self) -> bool:
        """Whether scripts are held to their memory by their groups."""
        return not self.why_no_memory

    def add(self, id: int, memory: int | None) -> ScriptGroup:
        """A group for a script that may take ``memory`` bytes; raises OSError."""
        group = ScriptGroup(self.folder / f"script-{id}", self.holds_memory)
        group.folder.mkdir()
        try:
            if self.holds_memory:
                _limit_memory(group.folder, memory)
        except OSError:
            remove(group.folder)
            raise
        return group

    def leave(self) -> None:
        """In a forked process: the lock is the host's."""
        os.close(self._lock)

    def kill(self) -> None:
        """Kill all processes of all scripts."""
        kill(self.folder)

    def close(self) -> None:
        """Remove the group and those in it, once they are empty."""
        _wait_until_empty(self.folder)
        remove(self.folder)
        os.close(self._lock)


def fork(folder: str | None) -> int:
    """os.fork(), where the new process begins in a group if the kernel can do that."""
    pid = None if folder is None else _fork_into(folder)
    return os.fork() if pid is None else pid


def enter(folder: str) -> None:
    """Put this process into a group, and so whatever it starts; raises OSError."""
    processes = Path(folder) / PROCESSES
    # To be moved may take long, even to where a process is.
    if str(os.getpid()) not in _read(processes).split():
        write(processes, "0")


def _fork_into(folder: str) -> int | None:
    # The host says why when the module can't be loaded.
    from aft import _aft

    try:
        group = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        pid = _aft.fork_into_group(group)
    except OSError:
        pid = None
    os.close(group)
    return pid


def kill(folder: Path) -> None:
    """Kill the processes in a group and in those below it, where the kernel can."""
    with suppress(OSError):
        write(folder / _KILL, "1")


def remove(folder: Path) -> None:
    """Remove a group and those in it, but for such that have processes."""
    for path, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.rmdir(path)


def _limit_memory(folder: Path, memory: int | None) -> None:
    # The kernel ends all of a script that is out of memory: half of one is of no use.
    settings = {"memory.oom.group": "1"}
    if memory is not None:
        settings |= {"memory.max": str(memory), "memory.swap.max": "0"}
    for name, value in settings.items():
        if name == "memory.max" or (folder / name).exists():
            write(folder / name, value)


def _make_locked(place: Path) -> tuple[Path, int]:
    """A new group and a descriptor that holds a lock on it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{HOSTS_PREFIX}{os.getpid()}-", dir=place))
        lock = _lock(folder, fcntl.LOCK_EX)
        # Before it was locked, another run may have taken it for a leftover.
        if lock is not None and folder.exists():
            return folder, lock
        if lock is not None:
            os.close(lock)


def _lock(folder: Path, operation: int) -> int | None:
    """A descriptor that holds the lock; None when the group is gone or another's."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_leftovers(place: Path) -> None:
    for folder in _groups(place, RUN_PREFIX):
        with suppress(OSError):
            folder.rmdir()  # Unless its run lives.
    for folder in _groups(place, HOSTS_PREFIX):
        lock = _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if lock is not None:
            kill(folder)
            _wait_until_empty(folder)
            remove(folder)
            os.close(lock)


def _groups(place: Path, prefix: str) -> Iterator[Path]:
    for folder in place.glob(f"{prefix}*"):
        with suppress(FileNotFoundError):
            if folder.stat().st_uid == os.geteuid():
                yield folder


def _wait_until_empty(folder: Path) -> None:
    """Return when no process is in the group or below it, or after a while."""
    deadline = time.monotonic() + _PATIENCE
    with suppress(OSError), open(folder / _EVENTS, "rb") as events:
        poll = select.poll()
        poll.register(events, select.POLLPRI)
        while b"populated 1" in os.pread(events.fileno(), 4096, 0):
            left = deadline - time.monotonic()
            if left < 0:
                return
            poll.poll(left * 1000)


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
