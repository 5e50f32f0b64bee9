# SPDX-License-Identifier: Apache-2.0
"""Ends a script as Python ends a program, which a forked process would leave out.

CPython's Py_FinalizeEx joins threads that are no daemons, executors among them, and then
calls what `atexit` has; multiprocessing joins its children there.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from aft import messages
from aft.script_signals import LateStop, Stopped

# After so many seconds a line says what the script waits for.
PATIENCE = 30.0
_MOST_NAMED = 5
_PROGRESS = "the script's last line has run; it is "


class ScriptEnd:
    """What happens between a script's last line and its report.

    ``place`` and ``stack`` say where a signal found the threads that were waited for;
    both are empty unless one came.
    """

    def __init__(self, project_dir: Path, stop: LateStop) -> None:
        self._project_dir = f"{project_dir}{os.sep}"
        self._stop = stop
        self.place = ""
        self.stack = ""

    def run(self, join: bool) -> None:
        """End everything of the script's; without ``join`` its threads are not awaited."""
        with self._impatient(), self._quiet_when_stopped():
            if join:
                self._wait_in(threading._shutdown)  # type: ignore[attr-defined]
            self._wait_in(atexit._run_exitfuncs)
        # Daemon threads are about to lose their names, and are never heard of in Python.
        threading.excepthook = lambda _: None
        # Files that the script has left open are written when they go.
        sys.modules["__main__"].__dict__.clear()
        gc.collect()
        _flush()

    def _wait_in(self, step: Callable[[], object]) -> None:
        try:
            self._stop.arm()
            step()
            self._stop.disarm()
        except Stopped:
            pass
        except BaseException:
            # As in plain Python: printed, and the end goes on.
            self._stop.disarm()
            sys.excepthook(*sys.exc_info())

    @contextmanager
    def _quiet_when_stopped(self) -> Iterator[None]:
        """Note where a stop found the threads, wherever it came out."""
        own = sys.unraisablehook

        def tell_others(unraisable: Any) -> None:
            # Python ends several of its waits like this.
            if not isinstance(unraisable.exc_value, Stopped):
                own(unraisable)

        sys.unraisablehook = tell_others
        try:
            yield
        finally:
            sys.unraisablehook = own
            if self._stop.number is not None:
                self._note_what_is_left()

    def _note_what_is_left(self) -> None:
        awaited = self._awaited()
        self.place = f"waiting for {awaited[0]}" if awaited else ""
        frames = sys._current_frames()
        for thread in _threads():
            if (frame := frames.get(thread.ident or 0)) is not None:
                calls = "".join(traceback.format_stack(frame)).replace(self._project_dir, "")
                self.stack += f"Thread '{thread.name}':\n{calls}"

    @contextmanager
    def _impatient(self) -> Iterator[None]:
        """Say what is waited for when that takes long."""
        if not self._awaited():
            yield
            return
        timer = threading.Timer(PATIENCE, self._say_what_is_awaited)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _say_what_is_awaited(self) -> None:
        awaited = self._awaited()
        if not awaited or sys.__stderr__ is None:
            return
        more = len(awaited) - _MOST_NAMED
        names = ", ".join(awaited[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        messages.warn(f"{_PROGRESS}waiting for {names}")

    def _awaited(self) -> list[str]:
        frames = sys._current_frames()
        return [
            *(self._described(thread, frames.get(thread.ident or 0)) for thread in _threads()),
            *(f"process '{child.name}' (pid {child.pid})" for child in _children()),
        ]

    def _described(self, thread: threading.Thread, frame: FrameType | None) -> str:
        while frame is not None:
            if frame.f_code.co_filename.startswith(self._project_dir):
                file = frame.f_code.co_filename[len(self._project_dir) :]
                return f"thread '{thread.name}' ({file}:{frame.f_lineno})"
            frame = frame.f_back
        return f"thread '{thread.name}'"


def leave_fork(failure: BaseException | None) -> NoReturn:
    """End a process that the script has forked and that has run past its last line.

    It ends as it would in plain Python and reports nothing.
    """
    status: object = 0
    if isinstance(failure, SystemExit):
        status = failure.code
    elif failure is not None:
        sys.excepthook(type(failure), failure, failure.__traceback__)
        status = 1
    if status is not None and not isinstance(status, int):
        print(status, file=sys.stderr)
        status = 1
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    finally:
        _flush()
        os._exit((status or 0) & 0xFF)


def _threads() -> list[threading.Thread]:
    return [
        thread
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.main_thread()
    ]


def _children() -> list[Any]:
    # multiprocessing.active_children() would reap them, which the main thread is doing.
    children = getattr(sys.modules.get("multiprocessing.process"), "_children", ())
    return [child for child in list(children) if not child.daemon]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue  # Closed or replaced by the script.
