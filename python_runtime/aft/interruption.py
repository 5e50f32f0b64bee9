# SPDX-License-Identifier: Apache-2.0
"""Stops a script's statements on the server when a signal says that it is to stop.

The main thread may be waiting in an ODBC driver then, where no handler in Python runs
before the driver returns.
"""

from __future__ import annotations

import os
import signal
import threading
import time

from aft import _aft

THREAD_NAME = "aft-interruption"
_STOPPING = frozenset({signal.SIGINT, signal.SIGTERM})
# As long as a script has before it is killed.
_PATIENCE = 5.0
_INTERVAL = 0.02

_connections: list[_aft.Connection] = []
_wake_up = -1


def watch_signals() -> None:
    """Hear of signals from now on. For the main thread of a script's process."""
    global _wake_up
    _wake_up, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    # Signals to processes that the script forks are not about this one's statements.
    os.register_at_fork(after_in_child=_forget)


def cancel_on_signal(connection: _aft.Connection) -> None:
    """Cancel what ``connection`` is busy with when SIGINT or SIGTERM comes."""
    _connections.append(connection)
    if len(_connections) == 1 and _wake_up >= 0:
        threading.Thread(target=_watch, name=THREAD_NAME, daemon=True).start()


def _watch() -> None:
    while received := os.read(_wake_up, 64):
        if _STOPPING.intersection(received):
            _cancel()


def _cancel() -> None:
    """Cancel until something was: the script may be on its way into the driver."""
    deadline = time.monotonic() + _PATIENCE
    while not any(map(_cancel_one, _connections)) and time.monotonic() < deadline:
        time.sleep(_INTERVAL)


def _cancel_one(connection: _aft.Connection) -> bool:
    try:
        return connection.cancel()
    except _aft.Error:  # Closed.
        return False


def _forget() -> None:
    signal.set_wakeup_fd(-1)
