# SPDX-License-Identifier: Apache-2.0
"""Finds where this process may make control groups (cgroup v2), and whether for memory.

The kernel holds the memory of a group only where the group above has no process of its
own. On a system with systemd, each group belongs to a unit, and systemd alone changes
what is in it unless it has delegated the unit.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HOSTS_PREFIX = "aft-scripts-"  # of a worker host's group, which holds those of its scripts
RUN_PREFIX = "aft-run-"  # of the group that a run's own processes move to
SUBTREE_CONTROL = "cgroup.subtree_control"
PROCESSES = "cgroup.procs"
_SYSTEMD = Path("/run/systemd/system")  # as in sd_booted(3)
_UNITS = frozenset({".scope", ".service", ".slice", ".socket", ".mount", ".swap"})
_OCTAL = re.compile(r"\\([0-7]{3})")
# A process that forks while it is moved leaves a child behind, for the next round.
_ROUNDS = 10
_PATIENCE = 5.0  # seconds, for systemctl


class Unusable(Exception):
    """Control groups can't be used here; says why."""


@dataclass(frozen=True)
class Membership:
    """The control group that a process is in."""

    folder: Path
    root: Path  # The topmost group that can be seen.


@dataclass(frozen=True)
class Place:
    """A group in which others may be made."""

    folder: Path
    why_no_memory: str  # Empty where they can hold memory.


def find_place(first: int) -> Place:
    """Where groups for scripts may be made; raises Unusable.

    Moves the processes of this run, which began with process ``first``, out of their group
    if that belongs to them alone and they keep it from holding memory.
    """
    with open("/proc/self/cgroup") as groups, open("/proc/self/mountinfo") as mounts:
        membership = membership_in(groups.read(), mounts.read())
    own = membership.folder
    delegated = find_delegated(membership)
    if not _is_writable(own):
        raise Unusable(f"'{own}' can't be written to")
    if "memory" not in _words(own / "cgroup.controllers"):
        return Place(own, "the memory controller is not offered to it")
    if enable_memory(own):
        return Place(own, "")
    if own not in (membership.root, delegated) and _is_for_siblings(own.parent, delegated):
        return Place(own.parent, "")
    if delegated and leave(own, first) and enable_memory(own):
        return Place(own, "")
    return Place(own, f"other processes are in '{own}'{_advice()}")


def membership_in(groups: str, mounts: str) -> Membership:
    """What the texts of /proc/self/cgroup and /proc/self/mountinfo say; raises Unusable."""
    path = next((line[3:] for line in groups.splitlines() if line.startswith("0::")), None)
    if path is None:
        raise Unusable("this system does not have it")
    found = []
    for line in mounts.splitlines():
        mount, _, kind = line.partition(" - ")
        if kind.split(" ", 1)[0] != "cgroup2":
            continue
        root, point = (_unescaped(field) for field in mount.split(" ")[3:5])
        # What lies outside of the process's namespace is named from there, as in /../a.
        below = os.path.relpath(path, root)
        if ".." not in f"{path}/{root}/{below}".split("/"):
            found.append(Membership(Path(point) / below, Path(point)))
    if not found:
        raise Unusable("it is not mounted where this process could see its group")
    return next((each for each in found if _is_writable(each.folder)), found[0])


def find_delegated(membership: Membership) -> Path | None:
    """The group that systemd has delegated and that this one is in; raises Unusable.

    None where there is no systemd, and the permissions alone say what is allowed.
    """
    for folder in (membership.folder, *membership.folder.parents):
        if _is_marked(folder):
            return folder
        if folder.suffix in _UNITS:
            if _is_delegated_unit(folder):
                return folder
            raise Unusable(f"systemd has not delegated '{folder.name}'{_advice()}")
        if folder == membership.root:
            break
    if _SYSTEMD.is_dir():
        raise Unusable(f"systemd has not delegated '{membership.root}'{_advice()}")
    return None


def enable_memory(folder: Path) -> bool:
    """Let the groups in ``folder`` hold memory, if the kernel allows it."""
    if has_memory(folder):
        return True
    with suppress(OSError):
        write(folder / SUBTREE_CONTROL, "+memory")
    return has_memory(folder)


def has_memory(folder: Path) -> bool:
    """Whether the groups in ``folder`` hold memory."""
    return "memory" in _words(folder / SUBTREE_CONTROL)


def write(file: Path, text: str) -> None:
    """Give the kernel a value in one call, as it wants it."""
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _is_for_siblings(parent: Path, delegated: Path | None) -> bool:
    if not _is_writable(parent) or parent.name.startswith(HOSTS_PREFIX):
        return False  # A script that starts aft must not get around its own limits.
    return enable_memory(parent) if delegated else has_memory(parent)


def leave(own: Path, first: int) -> bool:
    """Move process ``first`` and its descendants out of ``own``, if nobody else is in it."""
    leaf = own / f"{RUN_PREFIX}{first}"
    for _ in range(_ROUNDS):
        pids = [int(word) for word in _words(own / PROCESSES)]
        if not pids:
            return True
        if not all(first in _ancestry(pid) for pid in pids):
            return False
        with suppress(OSError):
            leaf.mkdir(exist_ok=True)
            for pid in pids:
                with suppress(ProcessLookupError):
                    write(leaf / PROCESSES, str(pid))
    return False


def parent_of(pid: int) -> int:
    """The parent of a process; 0 when there is none."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(") ")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _ancestry(pid: int) -> Iterator[int]:
    while pid > 0:
        yield pid
        pid = parent_of(pid)


def _is_marked(folder: Path) -> bool:
    """Whether systemd 251 or later has marked the group as delegated."""
    for name in ("trusted.delegate", "user.delegate"):
        with suppress(OSError):
            if os.getxattr(folder, name) == b"1":
                return True
    return False


def _is_delegated_unit(folder: Path) -> bool:
    """Whether systemd says so itself: a user's own manager does not always mark units."""
    scope = ["--user"] if any(each.name.startswith("user@") for each in folder.parents) else []
    command = ["systemctl", *scope, "show", "--property=Delegate", "--value", folder.name]
    try:
        shown = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return shown.stdout.strip() == b"yes"


def _advice() -> str:
    if not _SYSTEMD.is_dir():
        return ""
    manager = "" if os.geteuid() == 0 else "--user "
    return f"; start aft with: systemd-run {manager}--scope -p Delegate=yes aft …"


def _is_writable(folder: Path) -> bool:
    # The second is asked for where a process is moved from one group in it to another.
    return os.access(folder, os.W_OK) and os.access(folder / PROCESSES, os.W_OK)


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def _unescaped(field: str) -> str:
    return _OCTAL.sub(lambda code: chr(int(code[1], 8)), field)
