# SPDX-License-Identifier: Apache-2.0
"""A script's process that is started anew, where forking the host would not be safe.

A fork has only the thread that forked. If other threads held locks then, whoever waits
for these in the new process waits for ever.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

from aft import odbc, script_process
from aft.manifest import Manifest
from aft.profile import read_setup, read_target
from aft.secrets import know

_LAUNCHER = Path(__file__).parents[2] / "aft-python"
# What the new process finds at these descriptors, in the order of spawn()'s arguments.
_CONTROL, _OUTPUT, _STACK, _GIVEN = range(3, 7)
_ABOVE_ALL = 7


def spawn(python: str, given: dict[str, Any], control: int, output: int, stack: int) -> int:
    """Start a process that runs a script; its process id.

    ``given`` is what the host has been told, ``prepare``, ``manifest`` and ``run``, and
    the folder of the script's control ``group``.
    """
    # The launcher enters the script's control group before it does anything else.
    group = ["--group", given["group"]] if given["group"] else []
    with ExitStack() as opened:
        message = os.memfd_create("script")
        opened.callback(os.close, message)
        with open(message, "w", closefd=False) as file:
            json.dump({**given, "host": os.getpid()}, file)
        os.lseek(message, 0, os.SEEK_SET)
        copies = []
        for descriptor in (control, output, stack, message):
            # First out of the way, so that none is overwritten before it has been copied.
            copies.append(fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _ABOVE_ALL))
            opened.callback(os.close, copies[-1])
        return os.posix_spawn(
            _LAUNCHER,
            [str(_LAUNCHER), "--python", python, *group, "--run", __name__],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, copy, place)
                for place, copy in zip(range(_CONTROL, _GIVEN + 1), copies)
            ],
            setpgroup=0,
        )


def main() -> NoReturn:
    """Run the script that this process was started for."""
    # A script takes interrupts from when it can say so.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    os.environ.pop("AFT_PYTHON_EMBEDDED", None)
    with open(_GIVEN, encoding="utf-8") as file:
        given = json.load(file)
    setup = read_setup(given["prepare"])
    odbc.keep_logs_off(odbc.folder_of_host(setup.run_dir, given["host"]))
    target = read_target(setup)
    know(target.secrets())
    script = script_process.ScriptProcess(
        host=given["host"],
        request=given["run"],
        group=given["group"],
        control=_CONTROL,
        output=_OUTPUT,
        stack=_STACK,
        setup=setup,
        target=target,
        manifest=Manifest.load(Path(given["manifest"]["path"])),
    )
    for descriptor in (_CONTROL, _OUTPUT, _STACK):
        os.set_inheritable(descriptor, False)
    script_process.run(script, leave_host=lambda: None)
