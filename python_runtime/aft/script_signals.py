# SPDX-License-Identifier: Apache-2.0
"""How a script's process takes signals, which is its own affair: its children do not."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from aft import interruption
from aft.failure import Terminated

# Of threads that are forking.
_masks: dict[int, set[signal.Signals | int]] = {}


class Stopped(BaseException):
    """Raised where a signal stops the wait for a script's threads and children."""


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated


class LateStop:
    """Takes SIGINT and SIGTERM once a script has run its last line.

    ``number`` is the signal that came, if any. It raises Stopped only between `arm` and
    `disarm`, so that whatever else the process does to end stays whole. A handler of the
    script's own keeps its place, as it would in plain Python.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._is_armed = False

    def take_over(self) -> None:
        """Replace aft's own handlers."""
        for number, handler in _handlers().items():
            if signal.getsignal(number) is handler:
                signal.signal(number, self._take)

    def arm(self) -> None:
        """From here on a signal raises Stopped, once."""
        self._is_armed = True

    def disarm(self) -> None:
        """From here on a signal is only noted."""
        self._is_armed = False

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self.number = self.number or number
        if self._is_armed:
            self._is_armed = False
            raise Stopped


def take_signals(stack: int) -> None:
    """Set the handlers of a script's process; ``stack`` is where its calls are kept."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    for number, handler in _handlers().items():
        signal.signal(number, handler)
    interruption.watch_signals()
    # After a crash in native code, or where that does not return in time, the host has
    # nothing else to tell which Python lines led there.
    faulthandler.enable(stack)
    faulthandler.register(signal.SIGTERM, stack, chain=True)
    os.register_at_fork(
        before=_hold_signals,
        after_in_parent=_release_signals,
        after_in_child=_take_as_plain_python,
    )


def _handlers() -> dict[signal.Signals, Callable[[int, FrameType | None], NoReturn]]:
    return {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: _terminate}


def _hold_signals() -> None:
    """Before a fork: a child gets SIGTERM when it no longer has the script's handler.

    multiprocessing ends its workers with it, maybe before they have run a line, and
    Python forgets in a child which signals had come. What is raised in a hook of a fork
    is lost, so the parent too gets its signals afterwards.
    """
    held = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    _masks[threading.get_ident()] = held


def _release_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.pop(threading.get_ident()))


def _take_as_plain_python() -> None:
    faulthandler.disable()
    faulthandler.unregister(signal.SIGTERM)
    if _is_ours(signal.SIGINT):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if _is_ours(signal.SIGTERM):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _release_signals()


def _is_ours(number: signal.Signals) -> bool:
    handler = signal.getsignal(number)
    return handler is _terminate or isinstance(getattr(handler, "__self__", None), LateStop)
