# SPDX-License-Identifier: Apache-2.0
r"""Lets what a script says through `logging` and `warnings` arrive with its level.

Such a line begins with a mark that a person does not write by chance: \x1e, dbt's name
for the level, \x1f. What formats and filters the lines stays the script's own.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from types import FrameType
from typing import Any, TextIO

_LEVELS = ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"))


_is_plain = False


def tell_levels() -> None:
    """Mark what goes to this process's own output from now on."""
    write_record = logging.StreamHandler.emit
    write_warning = warnings.showwarning

    def emit(handler: Any, record: logging.LogRecord) -> None:
        with handler.lock:
            _mark(handler.stream, record.levelno)
            write_record(handler, record)

    def showwarning(*arguments: Any, **named: Any) -> None:
        file = named.get("file") or (arguments[4] if len(arguments) > 4 else None)
        _mark(file or sys.stderr, logging.WARNING)
        write_warning(*arguments, **named)

    logging.StreamHandler.emit = emit  # type: ignore[assignment, method-assign]
    warnings.showwarning = showwarning


def warn_as_python() -> None:
    """Leave aft's own warnings to `warnings`: nobody reads marks in this process's output."""
    global _is_plain
    _is_plain = True


def warn(text: str) -> None:
    """Print a warning of aft's own, whatever the script has made of `warnings`."""
    if _is_plain:
        warnings.warn(text, stacklevel=_level_of_caller())
    elif sys.__stderr__ is not None:
        sys.__stderr__.write(f"\x1ewarn\x1fwarning: {text}\n")


def _level_of_caller() -> int:
    """Which of the calls above `warn` is the user's: the first outside of this package."""
    package = os.path.dirname(__file__) + os.sep
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and frame.f_code.co_filename.startswith(package):
        frame = frame.f_back
        level += 1
    return level


def _mark(stream: TextIO, level: int) -> None:
    if stream not in (sys.stdout, sys.stderr):
        return
    name = next((name for least, name in _LEVELS if level >= least), "debug")
    stream.write(f"\x1e{name}\x1f")
