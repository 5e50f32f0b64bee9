# SPDX-License-Identifier: Apache-2.0
"""Stops statements on the server when a signal says that their process is to stop.

In a script that goes for all of its statements; in a program of the user's own for the one
that its main thread waits for, when Ctrl-C is to raise KeyboardInterrupt. No handler in
Python runs there before the ODBC driver returns.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

from aft import _aft
from aft.connection import Connection

THREAD_NAME = "aft-interruption"
_STOPPING = frozenset({signal.SIGINT, signal.SIGTERM})
# As long as a script has before it is killed.
_PATIENCE = 5.0
_INTERVAL = 0.02
_END = b"\0"  # No signal has this number.

_connections: list[Connection] = []
_wake_up = -1
_watcher: threading.Thread | None = None


def watch_signals() -> None:
    """Hear of signals from now on. For the main thread of a script's process."""
    global _wake_up
    _wake_up, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    # Signals to processes that the script forks are not about this one's statements.
    os.register_at_fork(after_in_child=_forget_all)


def cancel_on_signal(connection: Connection) -> None:
    """Cancel what ``connection`` is busy with when SIGINT or SIGTERM comes."""
    global _watcher
    _connections.append(connection)
    if _watcher is None and _wake_up >= 0:
        _watcher = threading.Thread(target=_watch, name=THREAD_NAME, daemon=True)
        _watcher.start()


@contextlib.contextmanager
def cancelled_by_ctrl_c(connection: Connection) -> Iterator[None]:
    """Cancel what ``connection`` is busy with when Ctrl-C comes to a user's own program."""
    is_due = (
        threading.current_thread() is threading.main_thread()
        and _wake_up < 0
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not is_due:
        yield
        return
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    # An event loop, such as a notebook's, may have one of its own.
    before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    ended = threading.Event()
    watcher = threading.Thread(
        target=_watch_one, args=(woken, before, connection, ended), name=THREAD_NAME
    )
    try:
        watcher.start()
        yield
    finally:
        signal.set_wakeup_fd(before)
        ended.set()
        # Closing the pipe would not do: a process forked meanwhile has its end of it too.
        os.set_blocking(wake, True)
        os.write(wake, _END)
        watcher.join()
        os.close(wake)
        os.close(woken)


def forget(connection: Connection) -> None:
    """Leave ``connection`` alone from now on."""
    if connection in _connections:
        _connections.remove(connection)


def cancel(connection: Connection) -> bool:
    """Cancel what ``connection`` is busy with; False if it is not."""
    try:
        return connection.cancel()
    except _aft.Error:  # Closed.
        return False


def _watch_one(
    woken: int, before: int, connection: Connection, ended: threading.Event
) -> None:
    has_ended = False
    while not has_ended:
        received = os.read(woken, 64)
        has_ended = _END in received
        signals = received.replace(_END, b"")
        if before >= 0 and signals:
            with contextlib.suppress(OSError):
                os.write(before, signals)
        if signal.SIGINT in received:
            # The main thread may be on its way into the driver.
            while not (cancel(connection) or ended.wait(_INTERVAL)):
                pass


def _watch() -> None:
    while received := os.read(_wake_up, 64):
        if _STOPPING.intersection(received):
            _cancel_all()


def _cancel_all() -> None:
    """Cancel until something was: the script may be on its way into the driver."""
    deadline = time.monotonic() + _PATIENCE
    while not sum(map(cancel, list(_connections))):
        if time.monotonic() >= deadline:
            return
        time.sleep(_INTERVAL)


def _forget_all() -> None:
    global _wake_up, _watcher
    signal.set_wakeup_fd(-1)
    _wake_up = -1
    _watcher = None
    _connections.clear()
