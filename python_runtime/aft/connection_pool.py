# SPDX-License-Identifier: Apache-2.0
"""A script's connections: no two threads share one at a time, and no two processes ever."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from aft import _aft, interruption, messages
from aft.connection import Connection
from aft.errors import AftError
from aft.targets.driver import Facts

# Servers end what is idle: a connection that was for so many seconds is tried before use.
IDLE = 10
# How long the end of a script tries to cancel what its other threads have running.
_PATIENCE = 0.5  # seconds
_INTERVAL = 0.02
# After so many seconds a write that waits for another one says so.
_LONGEST_SILENT_WAIT = 30.0
_THREADS_AT_WORK = (
    "this process was forked while another thread of the script was reading or writing, so "
    "it cannot do either itself; fork it before that thread starts"
)
_FORKED_IN_WRITE = (
    "this process was forked in the middle of a write, after which {} cannot be used in it; "
    "fork it before write_to_model() begins"
)
_WRITES_ALREADY = (
    "cannot write while another write of this thread is open: the generator that "
    "write_to_model() takes its frames from calls it itself; write one after the other"
)


class ConnectionPool:
    """Connections that `open` makes when all others are in use; for any thread.

    ``facts_of`` knows a database by its name, if anybody does.

    A fork closes those that are idle and leaves the others to the process that opened
    them. So a child begins without any.
    """

    def __init__(
        self,
        open: Callable[[], Connection],
        facts_of: Callable[[str], Facts | None],
        *,
        keeps_connections: bool = True,
    ) -> None:
        self._open = open
        self._facts_of = facts_of
        self._keeps_connections = keeps_connections
        self._dbms_name = ""
        self._has_forked = False
        self._begin()
        _pools.add(self)

    def _begin(self, refusal: str = "") -> None:
        # Reentrant, for the garbage collector may give back a stream's connection anywhere.
        self._lock = threading.RLock()
        self._idle: list[tuple[Connection, float]] = []
        # By thread; None is one that is being opened.
        self._busy: dict[int, Connection | None] = {}
        # Of open streams, and, by thread, those that are being read.
        self._leased: set[Connection] = set()
        self._reading: dict[int, Connection | None] = {}
        self._held: list[Connection] = []
        self._refusal = refusal
        self._turn = threading.Lock()
        self._writer: threading.Thread | None = None

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection for this thread alone; within another `connection()`, the same.

        But not within a write, whose transaction an error would end, and whose rows are
        not to be seen yet.
        """
        if self._refusal:
            raise AftError(self._refusal)
        thread = threading.get_ident()
        outer = self._busy.get(thread)
        if outer is not None and self._has_another_beside_write():
            with self._another() as connection:
                yield connection
            return
        if outer is not None:
            yield outer
            return
        try:
            connection = self._take(thread)
            with interruption.cancelled_by_ctrl_c(connection):
                yield connection
        finally:
            with self._lock:
                used = self._busy.pop(thread, None)
            if used is not None:
                self._keep(used)

    @property
    def _facts(self) -> Facts | None:
        """Of the last connection opened."""
        return self._facts_of(self._dbms_name)

    def _has_another_beside_write(self) -> bool:
        """Whether this thread writes, and a second connection would not wait for it."""
        if self._writer is not threading.current_thread():
            return False
        facts = self._facts
        return facts is not None and not facts.readers_stop_writers

    @contextmanager
    def _another(self) -> Iterator[Connection]:
        connection = self.lease()
        is_usable = False
        try:
            with self.reading(connection):
                yield connection
            is_usable = True
        finally:
            self.give_back(connection, is_usable=is_usable)

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """A connection that is closed after its use, and no write's."""
        connection = self.lease()
        try:
            with self.reading(connection):
                yield connection
        finally:
            self.give_back(connection, is_usable=False)

    @property
    def readers_stop_writers(self) -> bool:
        """Whether nobody can write while somebody reads."""
        if not self._dbms_name:
            with self.connection():
                pass
        facts = self._facts
        return facts is not None and facts.readers_stop_writers

    @property
    def write_stops_readers(self) -> bool:
        """Whether this thread writes, and another connection would wait for that write."""
        is_writer = self._writer is threading.current_thread()
        return is_writer and not self._has_another_beside_write()

    def lease(self) -> Connection:
        """A connection for a stream, until `give_back`. Any thread may use it `reading`."""
        if self._refusal:
            raise AftError(self._refusal)
        with self.reading(None):
            connection = self._idle_or_new()
        with self._lock:
            self._leased.add(connection)
        return connection

    def give_back(self, connection: Connection, *, is_usable: bool) -> None:
        """End a lease; ``is_usable`` says that no statement of it is open."""
        with self._lock:
            is_known = connection in self._leased
            self._leased.discard(connection)
        if is_known and is_usable:
            self._keep(connection)
        else:
            _close(connection)

    def _keep(self, connection: Connection) -> None:
        """For its next use, if there is to be one."""
        if not self._keeps_connections or self._takes_turns():
            _close(connection)
            return
        with self._lock:
            self._idle.append((connection, time.monotonic()))

    @contextmanager
    def reading(self, connection: Connection | None) -> Iterator[None]:
        """Around each use of a leased connection, or while one is being opened."""
        thread = threading.get_ident()
        self._reading[thread] = connection
        try:
            if connection is None:
                yield
                return
            with interruption.cancelled_by_ctrl_c(connection):
                yield
        finally:
            self._reading.pop(thread, None)

    def discard(self) -> None:
        """Close this thread's connection, which is no good any more."""
        with self._lock:
            connection = self._busy.get(threading.get_ident())
            self._busy[threading.get_ident()] = None
        if connection is not None:
            _close(connection)

    @contextmanager
    def turn_to_write(self) -> Iterator[None]:
        """Wait until no other thread is writing, and keep others waiting."""
        if self._writer is threading.current_thread():
            raise AftError(_WRITES_ALREADY)
        if not self._turn.acquire(timeout=_LONGEST_SILENT_WAIT):
            own, other = threading.current_thread(), self._writer
            messages.warn(
                f"aft: a write in thread '{own.name}' is waiting for the one in thread "
                f"'{other.name if other else '?'}' to end"
            )
            self._turn.acquire()
        try:
            self._writer = threading.current_thread()
            yield
        finally:
            self._writer = None
            self._turn.release()

    def close(self) -> None:
        """Close all connections, and cancel what other threads still have running."""
        self._close_idle()
        with self._lock:
            leased, self._leased = self._leased, set()
        deadline = time.monotonic() + _PATIENCE
        while (busy := self._of_others()) and time.monotonic() < deadline:
            if sum(map(interruption.cancel, busy)) == len(busy):
                break
            time.sleep(_INTERVAL)
        for connection in leased:
            _close(connection)

    def _take(self, thread: int) -> Connection:
        with self._lock:
            self._busy[thread] = None
        connection = self._idle_or_new()
        self._busy[thread] = connection
        return connection

    def _idle_or_new(self) -> Connection:
        with self._lock:
            connection, last_use = self._idle.pop() if self._idle else (None, 0.0)
        if connection is not None and time.monotonic() - last_use > IDLE:
            connection = _if_there(connection)
        if connection is None:
            connection = self._open()
            self._dbms_name = connection.dbms_name
            interruption.cancel_on_signal(connection)
        return connection

    def _close_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            _close(connection)

    def _takes_turns(self) -> bool:
        """Whether another process of the script could not use the database meanwhile."""
        facts = self._facts
        return self._has_forked and facts is not None and facts.admits_one_process

    def _bears_forks_in_writes(self) -> bool:
        facts = self._facts
        return facts is None or facts.bears_forks_in_writes

    def _of_others(self) -> list[Connection]:
        own = threading.get_ident()
        with self._lock:
            return [
                connection
                for thread, connection in [*self._busy.items(), *self._reading.items()]
                if thread != own and connection is not None
            ]

    def before_fork(self) -> None:
        """In the process that is about to fork; until `in_parent` or `in_child`."""
        self._close_idle()
        self._lock.acquire()
        # A stream's or a write's own thread, which fetches or sends ahead, may be within the
        # driver; a child would find locked for ever what a library has locked there.
        others = set(self._of_others())
        for connection in self._leased | {self._busy.get(threading.get_ident())}:
            if connection is not None and connection not in others:
                connection.hold()
                self._held.append(connection)

    def in_parent(self) -> None:
        """After a fork, in the process that has forked."""
        while self._held:
            self._held.pop().let_go()
        self._has_forked = True
        self._lock.release()

    def in_child(self) -> None:
        """After a fork, in the new process."""
        self._has_forked = True
        # Kept, for nothing but their own process may end them.
        _of_parents.extend(each for each in self._busy.values() if each is not None)
        _of_parents.extend(self._leased)
        at_work = self._busy.keys() | self._reading.keys()
        if not self._refusal and at_work - {threading.get_ident()}:
            # Nobody here would release the locks that a library held in that thread.
            self._refusal = _THREADS_AT_WORK
        elif self._busy and not self._refusal and not self._bears_forks_in_writes():
            self._refusal = _FORKED_IN_WRITE.format(self._dbms_name)
        self._begin(self._refusal)


_pools: weakref.WeakSet[ConnectionPool] = weakref.WeakSet()
_of_parents: list[Connection] = []


def _for_all(do: Callable[[ConnectionPool], None]) -> Callable[[], None]:
    def do_for_all() -> None:
        for pool in list(_pools):
            do(pool)

    return do_for_all


os.register_at_fork(
    before=_for_all(ConnectionPool.before_fork),
    after_in_parent=_for_all(ConnectionPool.in_parent),
    after_in_child=_for_all(ConnectionPool.in_child),
)


def _if_there(connection: Connection) -> Connection | None:
    try:
        pa.RecordBatchReader.from_stream(connection.read("select 1")).read_all()
        return connection
    except (_aft.Error, pa.ArrowException, OSError):
        # Drivers have many SQLSTATEs for that.
        _close(connection)
        return None


def _close(connection: Connection) -> None:
    interruption.forget(connection)
    connection.close()
