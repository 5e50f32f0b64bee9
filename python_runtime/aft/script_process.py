# SPDX-License-Identifier: Apache-2.0
"""A forked process that becomes a script's: its group, signals, descriptors and end."""

from __future__ import annotations

import ctypes
import faulthandler
import io
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from aft import cgroup, channel, interruption
from aft.errors import AftError
from aft.failure import Terminated

if TYPE_CHECKING:
    from aft.profile import Setup, Target
    from aft.project import Project

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
    project: Project


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
    _reset_signals()
    interruption.watch_signals()
    _redirect(given.output)
    _keep_stack(given.stack)
    _reseed()
    messages.tell_levels()
    channel.send(plugin, {"started": {"pid": os.getpid()}})
    os.chdir(given.setup.project_dir)
    request = Request(**given.request)
    leader = os.getpid()

    def tell(message: dict[str, Any]) -> None:
        channel.send(plugin, message)

    report = script.run(request, given.setup, given.target, given.project, tell)
    # A fork that the script has left running does not end it.
    if os.getpid() == leader:
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


def _reset_signals() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise Terminated


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


def _keep_stack(descriptor: int) -> None:
    """Let the host know in which Python lines a signal met this process.

    After a crash in native code, or where that does not return in time, there is nothing
    else to tell it.
    """
    faulthandler.enable(descriptor)
    faulthandler.register(signal.SIGTERM, descriptor, chain=True)


def limit_memory(limit: int | None) -> None:
    """Hold this process, and each one that it starts, to ``limit`` bytes of data."""
    if limit is None:
        return
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    if limit <= taken:
        raise AftError(
            f"the script's 'memory' of {limit} bytes is less than the {taken} bytes that "
            "Python takes with its libraries; allow more"
        )
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _reseed() -> None:
    """Scripts must not all draw the numbers that the host would have drawn.

    Python's own generator sees to it by itself.
    """
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
