# SPDX-License-Identifier: Apache-2.0
"""Runs one user's script in this process and says how it ended."""

from __future__ import annotations

import atexit
import gc
import signal
import sys
import time
import types
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import aft
from aft.failure import describe
from aft.profile import Setup, Target
from aft.project import Project
from aft.script_process import limit_memory
from aft.session import Request, ScriptSession, Tell

_PACKAGE_FOLDER = str(Path(__file__).parent.parent)


def run(
    request: Request, setup: Setup, target: Target, project: Project, tell: Tell
) -> dict[str, Any]:
    """Run the script to its end; the report is that of the packet `done`."""
    began = time.monotonic()
    session = ScriptSession(request, setup, target, project, tell)
    aft.use_session(session)
    failure: BaseException | None = None
    try:
        try:
            limit_memory(request.memory)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            if request.program:
                from aft import program

                program.run(request.program, setup, session, _socket_path(request, setup))
            else:
                _execute(request.path, setup.scripts_dir)
        finally:
            # Whoever interrupts now is too late: the outcome is being told.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
    except BaseException as error:
        failure = error
    report = describe(failure, setup.project_dir)
    failure = None
    _finish()
    session.warehouse.close()
    return report | _measures(session, time.monotonic() - began)


def _execute(path: str, scripts_dir: Path) -> None:
    sys.argv = [path]
    # Last of all for what the script starts with Python itself (multiprocessing).
    others = [entry for entry in sys.path if entry != _PACKAGE_FOLDER]
    folders = [str(Path(path).parent), str(scripts_dir), *others, _PACKAGE_FOLDER]
    sys.path[:] = dict.fromkeys(folders)
    _stand_in_for_fal()
    module = types.ModuleType("__main__")
    module.__file__ = path
    module.__dict__.update({name: getattr(aft, name) for name in aft.SCRIPT_NAMES})
    sys.modules["__main__"] = module
    for code in _compiled(path):
        exec(code, module.__dict__)


def _compiled(path: str) -> Iterator[types.CodeType]:
    if path.endswith(".ipynb"):
        from aft.notebook import compiled_cells

        return compiled_cells(path)
    return iter([compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)])


def _socket_path(request: Request, setup: Setup) -> Path:
    return setup.run_dir / f"script-{request.id}"


def _stand_in_for_fal() -> None:
    """Let `from fal.typing import *` pass, which gives editors the names of a script."""
    import aft.typing

    typing = types.ModuleType("fal.typing")
    typing.__dict__.update(vars(aft.typing), __name__=typing.__name__, __all__=[])
    fal = types.ModuleType("fal")
    fal.__dict__["typing"] = typing
    sys.modules["fal"] = fal
    sys.modules["fal.typing"] = typing


def _finish() -> None:
    """Do what Python does at its end, which a forked process leaves out."""
    try:
        atexit._run_exitfuncs()
    except Exception:
        sys.excepthook(*sys.exc_info())
    # Files that the script has left open are written when they go.
    sys.modules["__main__"].__dict__.clear()
    gc.collect()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue  # Closed or replaced by the script.


def _measures(session: ScriptSession, elapsed: float) -> dict[str, Any]:
    meter = session.warehouse.meter
    counts = {key: value for key, value in asdict(meter).items() if "seconds" not in key}
    moving = meter.seconds_reading + meter.seconds_writing
    seconds = {
        "read": meter.seconds_reading,
        "compute": max(0.0, elapsed - moving),
        "write": meter.seconds_writing,
    }
    return {"seconds": seconds, **counts}
