# SPDX-License-Identifier: Apache-2.0
"""Runs one user's script in this process and says how it ended."""

from __future__ import annotations

import os
import signal
import sys
import time
import types
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import aft
from aft import channel, current, fal_names, started_anew
from aft.failure import Terminated, describe
from aft.manifest import Manifest
from aft.memory_limit import limit_memory
from aft.profile import Setup, Target
from aft.script_end import ScriptEnd, leave_fork
from aft.script_signals import LateStop
from aft.session import BoundScript, Request, Tell

_PACKAGE_FOLDER = str(Path(__file__).parent.parent)


def run(
    request: Request, setup: Setup, target: Target, manifest: Manifest, tell: Tell
) -> dict[str, Any]:
    """Run the script to its end; the report is that of the packet `done`.

    Returns in the script's own process only, and not in one that it has forked.
    """
    began = time.monotonic()
    process = os.getpid()
    session = BoundScript(request, setup, target, manifest, tell)
    current.use(session)
    stop = LateStop()
    failure: BaseException | None = None
    try:
        try:
            _run(request, setup, session, manifest)
        finally:
            stop.take_over()
    except BaseException as error:
        failure = error
    stop.take_over()
    if os.getpid() != process:
        leave_fork(failure)
    report = describe(failure, setup.project_dir)
    is_stopped = isinstance(failure, (KeyboardInterrupt, Terminated))
    failure = None
    end = ScriptEnd(setup.project_dir, stop)
    end.run(join=not is_stopped)
    started_anew.forget(request, setup)
    if stop.number is not None and report["status"] == "success":
        late = KeyboardInterrupt() if stop.number == signal.SIGINT else Terminated()
        report = describe(late, setup.project_dir)
        report = {**report, "place": end.place, "traceback": channel.sendable(end.stack)}
    if report["status"] == "success":
        report |= session.table_use()
    session.warehouse.close()
    return report | _measures(session, time.monotonic() - began)


def _run(request: Request, setup: Setup, session: BoundScript, manifest: Manifest) -> None:
    limit_memory(request.memory)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if request.program:
        from aft import program

        program.run(request.program, setup, session, _socket_path(request, setup))
    else:
        started_anew.describe(request, setup, manifest)
        names = _execute(request.path, setup.scripts_dir)
        if "function" in session.python_model:
            from aft.models import function

            function.run(names.get("model"), session)


def _execute(path: str, scripts_dir: Path) -> dict[str, Any]:
    """Run the file; the names that it has left."""
    sys.argv = [path]
    # Last of all for what the script starts with Python itself (multiprocessing).
    others = [entry for entry in sys.path if entry != _PACKAGE_FOLDER]
    folders = [str(Path(path).parent), str(scripts_dir), *others, _PACKAGE_FOLDER]
    sys.path[:] = dict.fromkeys(folders)
    fal_names.provide()
    module = types.ModuleType("__main__")
    module.__file__ = path
    module.__dict__.update({name: getattr(aft, name) for name in aft.SCRIPT_NAMES})
    sys.modules["__main__"] = module
    for code in _compiled(path):
        exec(code, module.__dict__)
    return module.__dict__


def _compiled(path: str) -> Iterator[types.CodeType]:
    if path.endswith(".ipynb"):
        from aft.notebook import compiled_cells

        return compiled_cells(path)
    return iter([compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)])


def _socket_path(request: Request, setup: Setup) -> Path:
    return setup.run_dir / f"script-{request.id}"


def _measures(session: BoundScript, elapsed: float) -> dict[str, Any]:
    meter = session.warehouse.meter
    counts = {key: value for key, value in asdict(meter).items() if "seconds" not in key}
    moving = meter.seconds_reading + meter.seconds_writing
    seconds = {
        "read": meter.seconds_reading,
        "compute": max(0.0, elapsed - moving),
        "write": meter.seconds_writing,
    }
    return {"seconds": seconds, **counts}
