# SPDX-License-Identifier: Apache-2.0
"""The worker host: keeps Python and its large libraries warm and forks for each script.

Descriptor 3 is a channel to aft's plugin. The host has one thread and one loop and runs no
code of the user's; each script is a process group of its own, and when it ends, whatever
it has left behind ends with it.
"""

import gc
import importlib
import importlib.util
import os
import random
import selectors
import signal
import socket
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from aft import channel
from aft.errors import AftError
from aft.profile import Setup, read_target

CHANNEL = 3
# Tested to survive a fork; whatever else a script needs it imports by itself.
WARM_MODULES = ("numpy", "pandas", "pyarrow")
REQUIRED_MODULES = ("pandas", "pyarrow")
# OpenBLAS starts a thread for each processor when numpy is imported, unless this is 1.
THREADS_VARIABLE = "OPENBLAS_NUM_THREADS"


class Host:
    """The loop of a worker host."""

    def __init__(self, plugin: socket.socket) -> None:
        self._plugin = plugin
        self._setup: Any = None
        self._target: Any = None
        self._settings: Any = None
        self._project: Any = None
        self._scripts: dict[int, int] = {}  # process id to the plugin's number for it

    def serve(self) -> None:
        """Answer messages until the plugin closes the channel."""
        message, _ = channel.receive(self._plugin)
        if message is None or not self._prepare(message["prepare"]):
            return
        self._warm_up()
        wake_up = _watch_children()
        selector = selectors.DefaultSelector()
        selector.register(self._plugin, selectors.EVENT_READ)
        selector.register(wake_up, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if wake_up in ready:
                wake_up.recv(4096)
                self._reap()
            if self._plugin in ready and not self._receive():
                self._kill_all()
                return

    def _prepare(self, message: dict[str, Any]) -> bool:
        try:
            self._setup = _setup(message)
            _require_modules()
            self._target = read_target(self._setup)
            # Needs the extension module and its driver manager, which may be missing.
            from aft.connection_string import connection_settings

            self._settings = connection_settings(self._target)
        except (AftError, ImportError) as error:
            channel.send(self._plugin, {"failed": {"message": str(error)}})
            return False
        channel.send(self._plugin, {"prepared": {}})
        return True

    def _warm_up(self) -> None:
        began = time.monotonic()
        own = os.environ.get(THREADS_VARIABLE)
        os.environ[THREADS_VARIABLE] = "1"
        loaded = [name for name in WARM_MODULES if _import(name)]
        if own is None:
            del os.environ[THREADS_VARIABLE]
        else:
            os.environ[THREADS_VARIABLE] = own
        importlib.import_module("aft.script")
        # Pages with reference counts of what lives for ever stay shared with the scripts.
        gc.collect()
        gc.freeze()
        told = {
            "modules": loaded,
            "seconds": time.monotonic() - began,
            "threads": len(os.listdir("/proc/self/task")),
        }
        channel.send(self._plugin, {"warm": told})

    def _receive(self) -> bool:
        message, descriptors = channel.receive(self._plugin)
        if message is None:
            return False
        if "manifest" in message:
            from aft.project import Project

            self._project = Project.load(Path(message["manifest"]["path"]))
            gc.freeze()
        elif "run" in message:
            self._start(message["run"], *descriptors)
        elif "signal" in message:
            self._signal(**message["signal"])
        return True

    def _start(self, request: dict[str, Any], control: int, output: int) -> None:
        with warnings.catch_warnings():
            # Python warns of a fork while jemalloc's thread of pyarrow runs.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            try:
                self._become_script(request, control, output)
            finally:
                os._exit(1)
        _set_group(pid)
        self._scripts[pid] = request["id"]
        os.close(control)
        os.close(output)

    def _become_script(self, request: dict[str, Any], control: int, output: int) -> None:
        from aft import _aft, script

        _set_group(0)
        _aft.die_with_parent()
        self._plugin.close()
        plugin = socket.socket(fileno=control)
        plugin.set_inheritable(False)
        _reset_signals()
        _redirect(output)
        _reseed()
        channel.send(plugin, {"started": {"pid": os.getpid()}})
        os.chdir(self._setup.project_dir)
        asked = script.Request(**request)
        session = script.ScriptSession(
            asked, self._setup, self._target, self._settings, self._project
        )
        report = script.run(asked, session, self._setup)
        channel.send(plugin, {"done": report})
        os._exit(0)

    def _signal(self, id: int, signal: int) -> None:
        for pid, number in self._scripts.items():
            if number == id:
                os.killpg(pid, signal)

    def _reap(self) -> None:
        while self._scripts:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return
            # Not yet reaped, the script still holds its group's number.
            _kill_group(ended.si_pid)
            pid, status, usage = os.wait4(ended.si_pid, 0)
            told = {
                "id": self._scripts.pop(pid),
                "wait_status": status,
                "peak_memory": usage.ru_maxrss * 1024,
            }
            channel.send(self._plugin, {"exited": told})

    def _kill_all(self) -> None:
        for pid in self._scripts:
            _kill_group(pid)


def _setup(message: dict[str, Any]) -> Setup:
    return Setup(
        project_dir=Path(message["project_dir"]),
        scripts_dir=Path(message["scripts_dir"]),
        profiles_dir=Path(message["profiles_dir"]),
        target_path=Path(message["target_path"]),
        profile=message["profile"],
        target=message["target"],
        variables=message["vars"],
        threads=message["threads"],
    )


def _require_modules() -> None:
    missing = [name for name in REQUIRED_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise AftError(
            f"Python at '{sys.executable}' lacks {' and '.join(missing)}; install with: "
            f"{sys.executable} -m pip install {' '.join(missing)}"
        )


def _import(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:
        # The script that uses it meets the error, with its own line in the traceback.
        return False
    return True


def _watch_children() -> socket.socket:
    """A socket that turns readable when a child has ended."""
    read_end, write_end = socket.socketpair()
    read_end.setblocking(False)
    write_end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write_end.detach(), warn_on_full_buffer=False)
    return read_end


def _set_group(pid: int) -> None:
    # Both sides do it, so that neither meets the other's old group.
    try:
        os.setpgid(pid, pid)
    except (ProcessLookupError, PermissionError):
        return


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _redirect(output: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(null)
    os.close(output)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = os.fdopen(
            descriptor,
            "w",
            encoding="utf-8",
            errors="backslashreplace",
            buffering=1,
            closefd=False,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _reseed() -> None:
    """Scripts must not all draw the numbers that the host would have drawn."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def main() -> None:
    """Serve the plugin on descriptor 3 until it closes the channel."""
    host = Host(socket.socket(fileno=CHANNEL))
    try:
        host.serve()
    except (BrokenPipeError, ConnectionResetError):
        host._kill_all()
    sys.stderr.flush()
    os._exit(0)
