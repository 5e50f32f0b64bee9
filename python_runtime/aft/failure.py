# SPDX-License-Identifier: Apache-2.0
"""How a script ended, in the words that its user reads."""

from __future__ import annotations

import os
import re
import traceback
from pathlib import Path
from typing import Any

from aft import channel

_OWN_FOLDER = str(Path(__file__).parent) + os.sep
# With the traceback it has to fit into one packet.
_LONGEST_MESSAGE = 8 * 1024
# faulthandler's own lines; its documentation lays down no format, CPython's source does.
_CURRENT_THREAD = re.compile(
    r"^(?:Current thread .*|Stack) \(most recent call first\):$", re.M
)
_FRAME = re.compile(r'^  File "(.*)", line (\d+|\?\?\?) in (.*)$')
# What is not ASCII, faulthandler writes like this.
_ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


class Terminated(BaseException):
    """Raised in a script whose time is up."""


class ProgramFailed(Exception):
    """A script that is no Python has ended other than with success."""


def describe(failure: BaseException | None, project_dir: Path) -> dict[str, Any]:
    """Status, message and traceback of what ended a script; None is its last line."""
    if failure is None:
        return _report("success")
    if isinstance(failure, SystemExit):
        if failure.code in (None, 0):
            return _report("success")
        return _report("error", f"script exited with {failure.code}")
    if isinstance(failure, KeyboardInterrupt):
        return _report("error", "interrupted")
    if isinstance(failure, ProgramFailed):
        return _report("error", str(failure))
    summary = traceback.TracebackException.from_exception(failure)
    _keep_own_lines(summary, str(project_dir))
    place = _place(summary)
    if isinstance(failure, Terminated):
        return _report("error", "terminated", "".join(summary.stack.format()), place=place)
    message = _last_line(summary) + (f" ({place})" if place else "")
    trace = "".join(summary.format())
    is_out_of_memory = isinstance(failure, MemoryError)
    return _report("error", message, trace, place=place, out_of_memory=is_out_of_memory)


def describe_stack(dump: str, project_dir: Path) -> dict[str, str]:
    """Place and calls of the user's own in what faulthandler wrote; empty without any."""
    thread = _CURRENT_THREAD.search(dump)
    frames = []
    for line in dump[thread.end() + 1 :].splitlines() if thread else ():
        frame = _FRAME.match(_ESCAPE.sub(lambda code: chr(int(code[0][2:], 16)), line))
        if frame is None or frame[1].startswith(_OWN_FOLDER):
            break
        frames.append((_within(frame[1], str(project_dir)), frame[2], frame[3]))
    places = (f"{file}:{line}" for file, line, _ in frames if _is_in_project(file))
    calls = "".join(
        f'  File "{file}", line {line}, in {function}\n'
        for file, line, function in reversed(frames)
    )
    return {"place": next(places, ""), "stack": channel.sendable(calls)}


def _last_line(summary: traceback.TracebackException) -> str:
    """The error's type and text; notes that were added to it stay in the traceback."""
    notes, summary.__notes__ = getattr(summary, "__notes__", None), None
    last = list(summary.format_exception_only())[-1].strip()
    summary.__notes__ = notes
    return last


def _report(status: str, message: str = "", trace: str = "", **more: Any) -> dict[str, Any]:
    return {
        **more,
        "status": status,
        "message": channel.sendable(message, _LONGEST_MESSAGE),
        "traceback": channel.sendable(trace),
    }


def _keep_own_lines(summary: traceback.TracebackException, project_dir: str) -> None:
    """Leave out aft's own frames, and name the project's files as the project does."""
    seen: set[int] = set()
    pending = [summary]
    while pending:
        part = pending.pop()
        seen.add(id(part))
        frames = [f for f in part.stack if not f.filename.startswith(_OWN_FOLDER)]
        for frame in frames:
            frame.filename = _within(frame.filename, project_dir)
        part.stack[:] = frames
        if getattr(part, "filename", None):
            part.filename = _within(part.filename, project_dir)
        linked = [part.__cause__, part.__context__, *_grouped(part)]
        pending.extend(link for link in linked if link and id(link) not in seen)


def _grouped(part: traceback.TracebackException) -> list[traceback.TracebackException]:
    """The members of an exception group (Python 3.11 and later)."""
    return list(getattr(part, "exceptions", None) or [])


def _within(filename: str, project_dir: str) -> str:
    prefix = project_dir + os.sep
    return filename[len(prefix) :] if filename.startswith(prefix) else filename


def _place(summary: traceback.TracebackException) -> str:
    """The last line of the project's own that led to the error."""
    if getattr(summary, "filename", None):  # A SyntaxError has no frame of its own.
        return f"{summary.filename}:{summary.lineno}"
    for frame in reversed(summary.stack):
        if _is_in_project(frame.filename):
            return f"{frame.filename}:{frame.lineno}"
    return ""


def _is_in_project(filename: str) -> bool:
    return not os.path.isabs(filename) and not filename.startswith("<")
