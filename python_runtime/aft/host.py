# SPDX-License-Identifier: Apache-2.0
"""The worker host: keeps Python and its large libraries warm and forks for each script.

Descriptor 3 is a channel to aft's plugin. The host has one thread and one loop and runs
no code of the user's; each script is a process group of its own, and when it ends,
whatever it has left behind ends with it.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import time
import warnings
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING, Any

from aft import cgroup, channel, resource_trackers, script_process, warm_modules
from aft.cgroup import HostGroup, MemoryUse, ScriptGroup
from aft.cgroup_place import Unusable, find_place, parent_of
from aft.errors import AftError, NoConnection
from aft.failure import describe_stack
from aft.requirements import require_modules
from aft.secrets import know

if TYPE_CHECKING:
    from aft.manifest import Manifest
    from aft.profile import Setup, Target

CHANNEL = 3
LONGEST_LINE = 4096
_LONGEST_STACK = 64 * 1024


@dataclass(frozen=True)
class Script:
    """A script's process: the plugin's number for it, and where its last calls are kept."""

    id: int
    stack: int  # a descriptor
    group: ScriptGroup | None


class Host:
    """The loop of a worker host."""

    def __init__(self, plugin: socket.socket) -> None:
        self._plugin = plugin
        self._guardian = os.getppid()
        self._group: HostGroup | None = None
        self._selector = selectors.DefaultSelector()
        self._wake_up, self._woken = socket.socketpair()
        self._setup: Setup
        self._target: Target
        self._manifest: Manifest
        self._told: dict[str, Any] = {}  # The plugin's messages, for fresh processes.
        self._is_fork_safe = True
        self._scripts: dict[int, Script] = {}  # by process id

    def serve(self) -> None:
        """Answer messages until the plugin closes the channel."""
        message, _ = channel.receive(self._plugin)
        if message is None:
            return
        try:
            if "find" in message:
                self._find_or_build(message["find"])
                return
            self._told.update(message)
            self._prepare(message["prepare"])
            self._warm_up()
        except AftError as error:
            channel.send(self._plugin, {"failed": {"message": channel.sendable(str(error))}})
            return
        self._watch_children()
        self._selector.register(self._plugin, selectors.EVENT_READ)
        self._selector.register(self._wake_up, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in self._selector.select()]
            if self._wake_up in ready:
                self._wake_up.recv(4096)
                self._reap()
                if os.getppid() != self._guardian:
                    return
            if self._plugin in ready and not self._receive():
                return

    def end_all(self) -> None:
        """Kill all scripts and what they have started."""
        resource_trackers.let_finish(script_process.children)
        if self._group:
            self._group.kill()
        with suppress(ChildProcessError):
            while True:
                for pid in self._scripts:
                    script_process.kill_group(pid)
                if not self._kill_orphans() and not self._scripts:
                    break  # What is left now is out of reach.
                self._scripts.pop(os.wait()[0], None)
        if self._group:
            self._group.close()

    def _find_or_build(self, wanted: dict[str, Any]) -> None:
        from aft import environment

        def say(line: str) -> None:
            line = channel.sendable(line, LONGEST_LINE)
            channel.send(self._plugin, {"progress": {"line": line}})

        environment.end_on_sigterm()
        made_of = environment.Environment(**wanted)
        python = environment.find(made_of)
        if python is None:
            channel.send(self._plugin, {"missing": {}})
            message, _ = channel.receive(self._plugin)
            if message is None:
                return
            python = environment.provide(made_of, say)
        channel.send(self._plugin, {"built": {"python": str(python)}})
        # The plugin ends this process when it has taken notice.
        channel.receive(self._plugin)

    def _prepare(self, message: dict[str, Any]) -> None:
        require_modules()
        from aft.profile import read_setup, read_target

        self._setup = read_setup(message)
        self._target = read_target(self._setup)
        know(self._target.secrets())
        try:
            from aft import odbc
            from aft.connection_string import connection_settings
        except ImportError as error:
            raise AftError(
                f"cannot load aft's module for Python at '{sys.executable}': {error}; "
                "install aft again"
            ) from None
        odbc.keep_logs_off(odbc.folder_of_host(self._setup.run_dir, os.getpid()))
        try:
            string = connection_settings(self._target).connection_string
            odbc.load()
        except NoConnection:
            # A script that needs data is told when it asks for them.
            string = ""
        secrets = self._target.secrets(string)
        know(secrets)
        self._group = _control_group()
        told = {
            "group": str(self._group.folder) if self._group else None,
            "secrets": secrets.texts,
            "names": secrets.names,
            "target": self._target.described(),
            "embedded": os.environ.pop("AFT_PYTHON_EMBEDDED", "0") == "1",
        }
        channel.send(self._plugin, {"prepared": told})

    def _warm_up(self) -> None:
        began = time.monotonic()
        threads = warm_modules.import_all()
        importlib.import_module("aft.script")
        # Pages with reference counts of what lives for ever stay shared with the scripts.
        gc.collect()
        gc.freeze()
        self._is_fork_safe = not threads
        told = {
            "modules": list(warm_modules.WARM_MODULES),
            "seconds": time.monotonic() - began,
            "unsafe_threads": threads,
        }
        channel.send(self._plugin, {"warm": told})

    def _watch_children(self) -> None:
        script_process.adopt_orphans()
        self._wake_up.setblocking(False)
        self._woken.setblocking(False)
        # Both wake the loop, which asks by itself what has happened: a script has ended,
        # or the plugin has, which closes the channel.
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)

    def _receive(self) -> bool:
        message, descriptors = channel.receive(self._plugin)
        if message is None:
            return False
        if "manifest" in message:
            from aft.manifest import Manifest

            self._told.update(message)
            self._manifest = Manifest.load(Path(message["manifest"]["path"]))
            gc.freeze()
        elif "run" in message:
            self._start(message["run"], *descriptors)
        elif "signal" in message:
            self._signal(**message["signal"])
        return True

    def _start(self, request: dict[str, Any], control: int, output: int) -> None:
        group = self._add_group(request)
        if group and group.holds_memory:
            request = {**request, "memory": None}  # The script needs no limit of its own.
        start = self._fork if self._is_fork_safe else self._spawn
        folder = str(group.folder) if group else None
        with ExitStack() as undone:
            undone.callback(os.close, output)
            try:
                stack = os.memfd_create("stack")
                undone.callback(os.close, stack)
                pid = start(request, folder, control, output, stack)
            except OSError as error:
                if group:
                    group.end()
                self._not_started(request["id"], socket.socket(fileno=control), error)
                return
            undone.pop_all()
        script_process.set_group(pid)
        self._scripts[pid] = Script(request["id"], stack, group)
        os.close(control)
        os.close(output)

    def _add_group(self, request: dict[str, Any]) -> ScriptGroup | None:
        if self._group is None:
            return None
        try:
            return self._group.add(request["id"], request.get("memory"))
        except OSError:
            return None  # There may be too many; process groups and RLIMIT_DATA do as well.

    def _fork(
        self, request: dict[str, Any], group: str | None, control: int, output: int, stack: int
    ) -> int:
        host = os.getpid()
        with warnings.catch_warnings():
            # Python warns of a fork while jemalloc's thread of pyarrow runs.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = cgroup.fork(group)
        if pid == 0:
            script = script_process.ScriptProcess(
                host,
                request,
                group,
                control,
                output,
                stack,
                self._setup,
                self._target,
                self._manifest,
            )
            script_process.run(script, self._leave)
        return pid

    def _spawn(
        self, request: dict[str, Any], group: str | None, control: int, output: int, stack: int
    ) -> int:
        from aft import fresh_process

        given = {**self._told, "run": request, "group": group}
        return fresh_process.spawn(sys.executable, given, control, output, stack)

    def _leave(self) -> None:
        """In the forked process: give up what is the host's and other scripts'."""
        signal.set_wakeup_fd(-1)
        for script in self._scripts.values():
            os.close(script.stack)
        for own in (self._selector, self._wake_up, self._woken, self._plugin):
            own.close()
        if self._group:
            self._group.leave()

    def _not_started(self, id: int, control: socket.socket, error: OSError) -> None:
        message = f"cannot start a process for the script: {error.strerror}"
        with control:
            channel.send(control, {"done": {"status": "error", "message": message}})
        self._exited(id, os.EX_OSERR << 8, 0)

    def _exited(self, id: int, wait_status: int, peak_memory: int, **more: Any) -> None:
        told = {"id": id, "wait_status": wait_status, "peak_memory": peak_memory, **more}
        channel.send(self._plugin, {"exited": told})

    def _signal(self, id: int, signal: int) -> None:
        for pid, script in self._scripts.items():
            if script.id != id:
                continue
            if signal == SIGKILL:
                # What it leaves is ended when it is reaped.
                with suppress(PermissionError):
                    os.kill(pid, SIGKILL)
            else:
                script_process.signal_group(pid, signal)

    def _reap(self) -> None:
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            if ended.si_pid in self._scripts:
                resource_trackers.let_finish(self._orphans)
                # Not yet reaped, the script still holds its group's number.
                script_process.kill_group(ended.si_pid)
            pid, status, usage = os.wait4(ended.si_pid, 0)
            self._kill_orphans()
            if pid in self._scripts:
                script = self._scripts.pop(pid)
                calls = describe_stack(_take_stack(script.stack), self._setup.project_dir)
                use = script.group.end() if script.group else MemoryUse(None, False)
                peak = usage.ru_maxrss * 1024 if use.peak is None else use.peak
                self._exited(script.id, status, peak, out_of_memory=use.is_exceeded, **calls)

    def _kill_orphans(self) -> bool:
        """Kill what scripts that have ended have left in other process groups, if anything.

        Each script adopts its orphans while it runs, and the host adopts them then. What
        runs as another user is out of reach.
        """
        has_killed = False
        for pid in self._orphans():
            with suppress(PermissionError):
                os.kill(pid, SIGKILL)
                has_killed = True
        return has_killed

    def _orphans(self) -> list[int]:
        return [pid for pid in script_process.children() if pid not in self._scripts]


def _control_group() -> HostGroup | None:
    try:
        # aft has started the guardian, and that this process.
        return HostGroup(find_place(first=parent_of(os.getppid())))
    except Unusable:
        return None


def _take_stack(descriptor: int) -> str:
    with open(descriptor, "rb") as file:
        file.seek(0)
        return file.read(_LONGEST_STACK).decode(errors="backslashreplace")


def main() -> None:
    """Serve the plugin on descriptor 3 until it closes the channel."""
    # A script takes interrupts from when it can say so.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    host = Host(socket.socket(fileno=CHANNEL))
    try:
        host.serve()
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        host.end_all()
    sys.stderr.flush()
    os._exit(0)
