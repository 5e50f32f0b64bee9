# SPDX-License-Identifier: Apache-2.0
"""A script's way to the warehouse, whose connections are opened when they are needed."""

from __future__ import annotations

import dataclasses
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Union

import pyarrow as pa

from aft import _aft, frames, messages, odbc
from aft.configured_table import configured
from aft.connection import Connection
from aft.connection_pool import ConnectionPool
from aft.connection_string import connect, facts_of, settings_for, settings_of
from aft.errors import AftError, Misfit, WarehouseError
from aft.manifest import Relation
from aft.odbc import CONNECTION_EXCEPTION
from aft.parameters import Abilities, bound
from aft.partitioned_read import PartitionedRead
from aft.profile import Target
from aft.query import Query, Sql, shown_name, sql_name
from aft.row_stream import ResultReader, RowStream, tell_rounded
from aft.table_config import TableConfig
from aft.write_options import Types

# Serialization failure and deadlock (SQL:2016; PostgreSQL): the server has undone the
# transaction, and asks to repeat it.
_ROLLED_BACK = frozenset({"40001", "40P01"})
# MariaDB gives up waiting for a lock; it has undone the statement, and aft the rest.
_LOCK_WAIT_TIMEOUT = ("HY000", 1205)
# Another connection has created the same schema, table or column at the same moment.
# PostgreSQL says so by a state, or by an index of its catalog; MariaDB by ODBC's states, or
# by a code, for a schema.
_DUPLICATES = frozenset({"42P06", "42P07", "42701", "42S01", "42S21"})
_DUPLICATE_IN_CATALOG = "23505"
_CATALOG_INDEXES = ("pg_namespace_nspname_index", "pg_type_typname_nsp_index")
_DUPLICATE_SCHEMA = ("HY000", 1007)
# The relation is missing: PostgreSQL's own state, and ODBC's.
_NO_TABLE = ("42P01", "42S02")
# A connection is given up after so many seconds without a sign of life.
LONGEST_SILENCE = 60
_MOST_TRIES = 5
_FIRST_DELAY = 0.05  # seconds
_LONGEST_SETTLING = 60.0
_SETTLING_INTERVAL = 0.5


@dataclass
class Meter:
    """What a script has moved so far, and how long that took.

    ``rows_written`` leaves out rows that the script itself has replaced since.
    """

    seconds_reading: float = 0.0
    seconds_writing: float = 0.0
    rows_read: int = 0
    rows_written: int = 0
    bytes_read: int = 0
    bytes_written: int = 0


Wanted = Union[Query, Sql, Relation, str]
"""What may be read; a text is a relation's name in SQL."""

Moved = Callable[[dict[str, int]], None]
"""Is told what a process that the script has forked has moved, by the names in Meter."""


class Warehouse:
    """Reads and writes frames and keeps count; from any thread, one write at a time."""

    def __init__(self, target: Target | str, tell_moved: Moved | None = None) -> None:
        """With a connection string for ``target``, no connection is kept after its use."""
        self._target = target
        self._pool = ConnectionPool(
            self._open, facts_of, keeps_connections=not isinstance(target, str)
        )
        self._process = os.getpid()
        self._tell_moved = tell_moved
        self._counting = threading.Lock()
        self._last_write = threading.local()
        self._rows_there: dict[Relation, int] = {}  # Of those that were written.
        self._streams: weakref.WeakSet[RowStream] = weakref.WeakSet()
        self.meter = Meter()

    @property
    def may_have_committed(self) -> bool:
        """Of this thread's last write, where it raised."""
        return getattr(self._last_write, "may_have_committed", False)

    def read_table(self, query: Wanted, partitions: int = 1) -> pa.Table:
        """The rows of a query, or all rows of a relation, which may be a name in SQL.

        Those of a `Query` over as many connections as it has ``partitions``. Warns of
        decimals that became floats and lost digits.
        """
        with self._measured("seconds_reading"):
            read = None
            if partitions > 1 and isinstance(query, Query):
                read = PartitionedRead(self._pool, self._run, query).read(partitions)
            if read is None:
                is_apart = isinstance(query, Sql) and query.leaves_state
                with self._pool.apart() if is_apart else self._pool.connection() as connection:
                    reader = self._run(query, connection)
                    read = reader.read_all(), reader.rounded()
        table, rounded = read
        if rounded:
            whole = query.relation if isinstance(query, Query) else query
            of = "" if isinstance(whole, Sql) else shown_name(whole)
            tell_rounded(rounded, table.num_rows, of)
        self._count(rows_read=table.num_rows, bytes_read=table.nbytes)
        return table

    def stream(self, query: Wanted) -> pa.RecordBatchReader:
        """As `read_table`, but a batch at a time, while the script goes on with others."""
        if isinstance(query, Sql) and query.leaves_state:
            return self.read_table(query).to_reader()
        stream = RowStream(self._pool, self._count_batch)
        stream.open(lambda connection: self._run(query, connection))
        with self._counting:
            self._streams.add(stream)
        return stream.reader()

    def sql_name(self, relation: Relation) -> str:
        """What a relation is called in the database's SQL."""
        with self._pool.connection() as connection:
            return sql_name(relation, connection)

    def column_names(self, relation: Relation | str) -> list[str]:
        """The names of a relation's columns."""
        nothing = Query(relation, conditions=("1 = 0",))
        return list(self.read_table(nothing).column_names)

    @contextmanager
    def _measured(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._add_seconds(name, time.monotonic() - began)

    def _add_seconds(self, name: str, seconds: float) -> None:
        # A fork does not report its seconds, and may have copied a lock that is held.
        if os.getpid() == self._process:
            with self._counting:
                setattr(self.meter, name, getattr(self.meter, name) + seconds)

    def _count(self, **moved: int) -> None:
        if os.getpid() != self._process:
            if self._tell_moved is not None:
                self._tell_moved(moved)
            return
        with self._counting:
            for name, more in moved.items():
                setattr(self.meter, name, getattr(self.meter, name) + more)

    def write(
        self,
        frame: Any,
        relation: Relation,
        mode: str,
        types: Types,
        further: Mapping[str, Any] | None = None,
        config: TableConfig | None = None,
    ) -> None:
        """Write a frame into a relation: as a whole, or nothing has changed.

        ``types`` are those of new columns. ``further`` has other arguments of
        `_aft.Connection.write`, and ``config`` what dbt's configuration asks of the table.
        """
        request = {
            "relation": dataclasses.asdict(relation),
            "mode": mode,
            **(further or {}),
        }
        with self._pool.turn_to_write(), self._measured("seconds_writing"):
            try:
                rows, size = self._write_until_done(frame, types, request, config)
            except BaseException as error:
                if is_undone(error):
                    self._last_write.may_have_committed = False
                raise
            self._count(rows_written=rows - self._replaced(relation, mode, rows))
            self._count(bytes_written=size)

    def _replaced(self, relation: Relation, mode: str, rows: int) -> int:
        """How many rows that were counted before this write has replaced."""
        before = self._rows_there.get(relation, 0)
        self._rows_there[relation] = rows if mode == "overwrite" else before + rows
        return before if mode == "overwrite" else 0

    def has_table(self, relation: Relation) -> bool | None:
        """Whether there is a table or view of that name; None where that can't be told."""
        try:
            self.column_names(relation)
        except WarehouseError as error:
            is_missing = error.sqlstate in _NO_TABLE or "no such table" in str(error)
            return False if is_missing else None
        except AftError:
            return None
        return True

    def _write_until_done(
        self,
        frame: Any,
        types: Types,
        request: dict[str, Any],
        config: TableConfig | None,
    ) -> tuple[int, int]:
        tries = 1
        while True:
            stream = frames.FrameStream(frame, self._free_for_swap)
            request["guessed_decimals"] = stream.guessed_decimals
            request["column_types"] = _types_of(stream.names, types, request["mode"], config)
            try:
                return self._write(stream, request, config)
            except Misfit as error:
                if not frames.is_repeatable(frame):
                    raise AftError(
                        f"{error}; the column keeps the type that it has in the table: give "
                        "it another one with dtype"
                    ) from None
                why = str(error).removeprefix("cannot write ")
                messages.warn(f"{why}; the column gets another type")
                request["renewed"] = [*request.get("renewed", ()), error.column]
                continue
            except WarehouseError as error:
                if not _may_repeat(error) or not frames.is_repeatable(frame):
                    raise
                if tries == _MOST_TRIES:
                    text = f"{error}; so it did in each of {tries} tries"
                    raise WarehouseError(
                        text, error.sqlstate, error.native_code, is_undone=True
                    ) from None
            # At random, so that two who met do not meet again.
            time.sleep(random.uniform(0.5, 1) * _FIRST_DELAY * 2**tries)
            tries += 1

    def _run(self, query: Wanted, connection: Connection) -> ResultReader:
        try:
            facts = facts_of(connection.dbms_name)
            if isinstance(query, Sql):
                abilities = facts.abilities if facts else Abilities()
                parameters = bound(query.parameters, abilities)
                return ResultReader(
                    connection.read(
                        query.text,
                        **dataclasses.asdict(query.reading),
                        parameters=parameters,
                        any_statement=query.any_statement,
                    )
                )
            if not isinstance(query, Query):
                query = Query(query)
            # Of others aft reads no more rows than are wanted.
            limit = f" limit {query.limit}" if facts and facts.has_limit else ""
            sql = query.sql(sql_name(query.relation, connection), connection.quote, limit)
            result = connection.read(
                sql, **dataclasses.asdict(query.reading), relation=shown_name(query.relation)
            )
            return ResultReader(result, query.limit, shown_name(query.relation))
        except _aft.Error as error:
            raise odbc.in_words(error) from None

    def _count_batch(self, batch: pa.RecordBatch, seconds: float) -> None:
        self._count(rows_read=batch.num_rows, bytes_read=batch.nbytes)
        self._add_seconds("seconds_reading", seconds)

    def _free_for_swap(self) -> None:
        """Let no stream that the script has left open keep a table from being replaced."""
        with self._counting:
            streams = list(self._streams)
        for stream in streams:
            stream.spool()

    def _write(
        self, stream: frames.FrameStream, request: dict[str, Any], config: TableConfig | None
    ) -> tuple[int, int]:
        self._last_write.may_have_committed = False
        with self._pool.connection() as connection:
            before = connection.commits
            try:
                if config is not None:
                    more = configured(config, connection, request, stream.names)
                    request = {**request, **more}
                written = connection.write(stream, **request)
                for notice in connection.notices:
                    messages.warn(notice)
                return written
            except _aft.Error as error:
                if stream.failure is None and error.commit is not None:
                    return self._settle(error)
                if stream.failure is None:
                    raise odbc.in_words(error) from None
                # The database refused rows before the frame failed.
                if error.sqlstate and isinstance(stream.failure, Exception):
                    raise odbc.in_words(error) from stream.failure
            finally:
                # However it ends: a signal may end it when the commit has just returned.
                self._last_write.may_have_committed = connection.commits > before
        # Outside of the handler, so that the user's error keeps its own cause alone.
        raise stream.failure

    def _settle(self, error: _aft.Error) -> tuple[int, int]:
        """Find out what became of a commit without an answer: the rows and bytes written.

        Raises an error that says whether all of it was undone.
        """
        assert error.commit is not None
        transaction, rows, size = error.commit
        refusal = odbc.in_words(error)
        assert isinstance(refusal, WarehouseError)
        # Not every database can tell.
        deadline = time.monotonic() + (_LONGEST_SETTLING if transaction else 0)
        while time.monotonic() < deadline:
            # The server undoes what a connection that is gone has left open.
            self._pool.discard()
            try:
                with self._pool.connection() as connection:
                    has_committed = connection.has_committed(transaction)
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
        """Give the connections back; a further use opens another one."""
        self._pool.close()

    def _open(self) -> Connection:
        # Not before now: with SQLite, dbt may have made further files to attach.
        target = self._target
        given = settings_of(target) if isinstance(target, str) else settings_for(target)
        try:
            return connect(given, LONGEST_SILENCE)
        except _aft.Error as error:
            raise odbc.in_words(error) from None


def _types_of(
    names: list[str], types: Types, mode: str, config: TableConfig | None
) -> dict[str, str]:
    """The types of a frame's columns that are chosen or declared."""
    by_name = dict.fromkeys(names, types) if isinstance(types, str) else dict(types)
    if config is None:
        return by_name
    config.check(names, may_leave_out=mode != "overwrite")
    return config.column_types(by_name)


def _may_repeat(error: WarehouseError) -> bool:
    """Whether nothing of the write has happened, and the next try may well succeed."""
    is_lost = error.is_undone and error.sqlstate.startswith(CONNECTION_EXCEPTION)
    return is_lost or (
        not error.is_unknown and (_is_rolled_back(error) or _is_created_by_others(error))
    )


def is_undone(error: BaseException) -> bool:
    """Whether what has raised this has surely changed nothing."""
    if not isinstance(error, WarehouseError) or error.is_unknown:
        return False
    # What the server refuses has not been committed; its answer may be what was lost.
    return error.is_undone or not error.sqlstate.startswith(CONNECTION_EXCEPTION)


def _is_rolled_back(error: WarehouseError) -> bool:
    return (
        error.sqlstate in _ROLLED_BACK
        or (error.sqlstate, error.native_code) == _LOCK_WAIT_TIMEOUT
    )


def _is_created_by_others(error: WarehouseError) -> bool:
    if error.sqlstate == _DUPLICATE_IN_CATALOG:
        return any(index in str(error) for index in _CATALOG_INDEXES)
    return (
        error.sqlstate in _DUPLICATES
        or (error.sqlstate, error.native_code) == _DUPLICATE_SCHEMA
    )
