# SPDX-License-Identifier: Apache-2.0
"""A script's way to the warehouse: one connection, opened when it is first used."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from aft import _aft, frames, interruption
from aft.connection_string import connection_settings
from aft.errors import AftError, WarehouseError
from aft.profile import Target
from aft.project import Relation

# Serialization failure and deadlock (SQL:2016; PostgreSQL): the server has undone the
# transaction, and asks to repeat it.
_ROLLED_BACK = frozenset({"40001", "40P01"})
# MariaDB gives up waiting for a lock; it has undone the statement, and aft the rest.
_LOCK_WAIT_TIMEOUT = ("HY000", 1205)
# SQLSTATE class 08, connection exception.
CONNECTION_LOST = "08"
# A connection is given up after so many seconds without a sign of life.
LONGEST_SILENCE = 60
# Servers end what is idle: after so many seconds it is seen to that one is still there.
IDLE = 10
_MOST_TRIES = 5
_FIRST_DELAY = 0.05  # seconds
_LONGEST_SETTLING = 60.0
_SETTLING_INTERVAL = 0.5


@dataclass
class Meter:
    """What a script has moved so far, and how long that took."""

    seconds_reading: float = 0.0
    seconds_writing: float = 0.0
    rows_read: int = 0
    rows_written: int = 0
    bytes_read: int = 0
    bytes_written: int = 0


class Warehouse:
    """Reads and writes frames and keeps count. One script's; not for several threads."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._open_connection: _aft.Connection | None = None
        self._last_use = 0.0
        self.meter = Meter()
        # Of the last write, where it raised.
        self.may_have_committed = False

    def read(self, relation: str | Relation, condition: str = "") -> pd.DataFrame:
        """The rows of a relation, given by its name in SQL or by its parts.

        All of them, or those for which ``condition``, in SQL, holds.
        """
        with self._measured_reading():
            return frames.to_pandas(self._read(relation, condition))

    def read_table(self, relation: str | Relation, condition: str = "") -> pa.Table:
        """As `read`, but an Arrow table."""
        with self._measured_reading():
            return self._read(relation, condition)

    @contextmanager
    def _measured_reading(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.meter.seconds_reading += time.monotonic() - began

    def write(
        self, frame: Any, relation: Relation, mode: str, column_types: Mapping[str, str]
    ) -> None:
        """Write a frame into a relation: as a whole, or nothing has changed."""
        began = time.monotonic()
        try:
            rows, size = self._write_until_done(frame, relation, mode, column_types)
            self.meter.rows_written += rows
            self.meter.bytes_written += size
        finally:
            self.meter.seconds_writing += time.monotonic() - began

    def _write_until_done(
        self, frame: Any, relation: Relation, mode: str, column_types: Mapping[str, str]
    ) -> tuple[int, int]:
        tries = 1
        while True:
            stream = frames.FrameStream(frame)
            try:
                return self._write(stream, relation, mode, column_types)
            except WarehouseError as error:
                is_lost = error.is_undone and error.sqlstate.startswith(CONNECTION_LOST)
                may_repeat = is_lost or (_is_rolled_back(error) and not error.is_unknown)
                if not may_repeat or not frames.is_repeatable(frame):
                    raise
                if tries == _MOST_TRIES:
                    text = f"{error}; so it did in each of {tries} tries"
                    raise WarehouseError(
                        text, error.sqlstate, error.native_code, is_undone=True
                    ) from None
            # At random, so that two who met do not meet again.
            time.sleep(random.uniform(0.5, 1) * _FIRST_DELAY * 2**tries)
            tries += 1

    def _read(self, relation: str | Relation, condition: str) -> pa.Table:
        try:
            name = relation
            if isinstance(relation, Relation):
                name = self._connection.sql_name(dataclasses.asdict(relation))
            query = f"select * from {name}" + (condition and f" where {condition}")
            table = frames.read_all(self._connection.read(query))
        except _aft.Error as error:
            raise _in_words(error) from None
        self.meter.rows_read += table.num_rows
        self.meter.bytes_read += table.nbytes
        return table

    def _write(
        self,
        stream: frames.FrameStream,
        relation: Relation,
        mode: str,
        column_types: Mapping[str, str],
    ) -> tuple[int, int]:
        self.may_have_committed = False
        connection = self._connection
        before = connection.commits
        try:
            return connection.write(
                stream, dataclasses.asdict(relation), mode, dict(column_types)
            )
        except _aft.Error as error:
            if stream.failure is None and error.commit is not None:
                return self._settle(error)
            if stream.failure is None:
                raise _in_words(error) from None
        finally:
            # However it ends: a signal may end it when the commit has just returned.
            self.may_have_committed = connection.commits > before
        # Outside of the handler, so that the user's error keeps its own cause alone.
        raise stream.failure

    def _settle(self, error: _aft.Error) -> tuple[int, int]:
        """Find out what became of a commit without an answer: the rows and bytes written.

        Raises an error that says whether all of it was undone.
        """
        assert error.commit is not None
        transaction, rows, size = error.commit
        refusal = _in_words(error)
        assert isinstance(refusal, WarehouseError)
        # Not every database can tell.
        deadline = time.monotonic() + (_LONGEST_SETTLING if transaction else 0)
        while time.monotonic() < deadline:
            # The server undoes what a connection that is gone has left open.
            self.close()
            try:
                has_committed = self._connection.has_committed(transaction)
            except (_aft.Error, AftError):
                has_committed = None
            if has_committed:
                return rows, size
            if has_committed is not None:
                refusal.is_undone = True
                raise refusal from None
            time.sleep(_SETTLING_INTERVAL)
        text = f"{refusal}; whether the rows are there could not be found out"
        raise WarehouseError(
            text, refusal.sqlstate, refusal.native_code, is_unknown=True
        ) from None

    def close(self) -> None:
        """Give the connection back; a further use opens another one."""
        if self._open_connection is not None:
            self._open_connection.close()
            self._open_connection = None

    @property
    def _connection(self) -> _aft.Connection:
        if self._open_connection is not None and time.monotonic() - self._last_use > IDLE:
            self._close_unless_there(self._open_connection)
        if self._open_connection is None:
            # Not before now: with SQLite, dbt may have made further files to attach.
            settings = connection_settings(self._target)
            try:
                self._open_connection = _aft.Connection(
                    settings.connection_string, list(settings.statements), LONGEST_SILENCE
                )
            except _aft.Error as error:
                raise _in_words(error) from None
            interruption.cancel_on_signal(self._open_connection)
        self._last_use = time.monotonic()
        return self._open_connection

    def _close_unless_there(self, connection: _aft.Connection) -> None:
        try:
            frames.read_all(connection.read("select 1"))
        except _aft.Error:
            # Drivers have many SQLSTATEs for that.
            self.close()


def _is_rolled_back(error: WarehouseError) -> bool:
    state = error.sqlstate, error.native_code
    return error.sqlstate in _ROLLED_BACK or state == _LOCK_WAIT_TIMEOUT


def _in_words(error: _aft.Error) -> AftError:
    if error.sqlstate is None or error.native_code is None:
        return AftError(str(error))
    return WarehouseError(str(error), error.sqlstate, error.native_code)
