# SPDX-License-Identifier: Apache-2.0
"""How a script ended, in the words that its user reads."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

from aft import channel

_OWN_FOLDER = str(Path(__file__).parent) + os.sep
# With the traceback it has to fit into one packet.
_LONGEST_MESSAGE = 8 * 1024


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
    summary = traceback.TracebackException.from_exception(failure)
    _keep_own_lines(summary, str(project_dir))
    trace = "".join(summary.format())
    return _report("error", _last_line(summary) + _place(summary), trace)


def _last_line(summary: traceback.TracebackException) -> str:
    """The error's type and text; notes that were added to it stay in the traceback."""
    notes, summary.__notes__ = getattr(summary, "__notes__", None), None
    last = list(summary.format_exception_only())[-1].strip()
    summary.__notes__ = notes
    return last


def _report(status: str, message: str = "", trace: str = "") -> dict[str, Any]:
    return {
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
        return f" ({summary.filename}:{summary.lineno})"
    for frame in reversed(summary.stack):
        if not os.path.isabs(frame.filename) and not frame.filename.startswith("<"):
            return f" ({frame.filename}:{frame.lineno})"
    return ""
