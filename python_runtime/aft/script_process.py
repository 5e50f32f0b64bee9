# SPDX-License-Identifier: Apache-2.0
"""A forked process that becomes a script's: its groups, descriptors and end."""

from __future__ import annotations

import ctypes
import io
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from aft import cgroup, channel, script_signals

if TYPE_CHECKING:
    from aft.manifest import Manifest
    from aft.profile import Setup, Target

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


@dataclass
class ScriptProcess:
    """What a script's process is given when it begins."""

    host: int
    request: dict[str, Any]
    group: str | None  # The folder of its control group.
    control: int
    output: int
    stack: int
    setup: Setup
    target: Target
    manifest: Manifest


def run(given: ScriptProcess, leave_host: Callable[[], None]) -> NoReturn:
    """Run the script in this process, a fresh fork of the host, and end the process."""
    try:
        leave_host()
        _run(given)
        os._exit(0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(1)


def _run(given: ScriptProcess) -> None:
    from aft import _aft, messages, script
    from aft.session import Request

    set_group(0)
    _aft.die_with_parent(given.host)
    adopt_orphans()
    plugin = socket.socket(fileno=given.control)
    if given.group is not None:
        _enter_control_group(given.group, plugin)
    script_signals.take_signals(given.stack)
    _redirect(given.output)
    _reseed()
    messages.tell_levels()
    channel.send(plugin, {"started": {"pid": os.getpid()}})
    os.chdir(given.setup.project_dir)
    request = Request(**given.request)

    def tell(message: dict[str, Any]) -> None:
        channel.send(plugin, message)

    report = script.run(request, given.setup, given.target, given.manifest, tell)
    tell({"done": report})


def _enter_control_group(folder: str, plugin: socket.socket) -> None:
    try:
        cgroup.enter(folder)
    except OSError as error:
        message = f"cannot enter the script's control group '{folder}': {error.strerror}"
        channel.send(plugin, {"done": {"status": "error", "message": message}})
        os._exit(1)


def set_group(pid: int) -> None:
    """Make ``pid``, or with 0 this process, the leader of a process group."""
    # Host and script both do it, so that neither meets the other's old group.
    try:
        os.setpgid(pid, pid)
    except (ProcessLookupError, PermissionError):
        return


def signal_group(pid: int, number: int) -> None:
    """Signal the process group that ``pid`` leads, as far as it is there and ours.

    A program that runs as another user is out of reach.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def kill_group(pid: int) -> None:
    """Kill the process group that ``pid`` leads."""
    signal_group(pid, signal.SIGKILL)


def adopt_orphans() -> None:
    """Let processes whose parent has ended become children of this one."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> Iterator[int]:
    """The child processes of this thread that have not been reaped."""
    try:
        with open(f"/proc/self/task/{threading.get_native_id()}/children") as file:
            yield from map(int, file.read().split())
    except FileNotFoundError:
        return  # A kernel without CONFIG_PROC_CHILDREN.


def _redirect(output: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(null)
    os.close(output)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False)),
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _reseed() -> None:
    """Scripts must not all draw the numbers that the host would have drawn.

    Python's own generator sees to it by itself.
    """
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
