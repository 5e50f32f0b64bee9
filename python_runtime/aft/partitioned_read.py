# SPDX-License-Identifier: Apache-2.0
"""Reads a table over several connections at once, each of which has a part of the rows."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import repeat
from typing import Union

import pyarrow as pa

from aft import _aft, interruption, messages, odbc
from aft.connection import Connection
from aft.connection_pool import ConnectionPool
from aft.connection_string import facts_of
from aft.errors import WarehouseError
from aft.query import Query, Sql, shown_name, sql_name
from aft.row_stream import ResultReader
from aft.targets.partition import Ask, CannotDivide, Division

Run = Callable[[Union[Query, Sql], Connection], ResultReader]
_Part = tuple[pa.Table, dict[str, int]]
_INTERVAL = 0.02  # seconds
# PostgreSQL's lock_not_available; MariaDB gave up waiting, or the table's definition has
# changed since the snapshot; SQLITE_BUSY.
_LOCKED = frozenset({("55P03", None), ("HY000", 1205), ("HY000", 1412), ("HY000", 5)})


class PartitionedRead:
    """One read of one table, in transactions that see the same rows where the database can.

    Warns where it can't.
    """

    def __init__(self, pool: ConnectionPool, run: Run, query: Query) -> None:
        """``run`` runs a query over a connection."""
        self._pool = pool
        self._run = run
        self._query = query
        self._connections: list[Connection] = []
        self._is_stopped = threading.Event()

    def read(self, parts: int) -> tuple[pa.Table, dict[str, int]] | None:
        """The rows, part after part, and how many decimals of each column were rounded.

        Nothing, after a warning, where they can't be read so.
        """
        shown = shown_name(self._query.relation)
        is_usable = False
        try:
            try:
                division = self._divide(parts)
                self._begin(division)
            except CannotDivide as why:
                messages.warn(f"{shown} is read over one connection: {why}")
                return None
            if division.remark:
                messages.warn(f"{shown} is read in parts: {division.remark}")
            read = self._read_all(division)
            for connection in self._connections:
                _execute(connection, "commit")
            is_usable = not division.spoils_connections
        finally:
            for connection in self._connections:
                self._pool.give_back(connection, is_usable=is_usable)
        return _joined(read)

    def _divide(self, parts: int) -> Division:
        if self._query.limit is not None:
            raise CannotDivide("it has a limit")
        if self._pool.write_stops_readers:
            raise CannotDivide("others would wait for the write that this script has begun")
        first = self._lease()
        facts = facts_of(first.dbms_name)
        if facts is None or facts.divide is None:
            why = facts.undivided if facts else ""
            raise CannotDivide(why or f"aft cannot divide tables of {first.dbms_name}")
        name = sql_name(self._query.relation, first)
        if facts.before_dividing:
            _execute(first, facts.before_dividing)
        with _without_waiting():
            return facts.divide(self._ask(first), name, parts)

    def _lease(self) -> Connection:
        connection = self._pool.lease()
        self._connections.append(connection)
        return connection

    def _ask(self, connection: Connection) -> Ask:
        def ask(sql: str, *parameters: object) -> list[tuple[object, ...]]:
            with self._pool.reading(connection):
                table = self._run(Sql(sql, parameters=parameters), connection).read_all()
            return list(zip(*(column.to_pylist() for column in table.columns)))

        return ask

    def _begin(self, division: Division) -> None:
        first, *_ = self._connections
        others = [self._lease() for _ in division.conditions[1:]]
        _execute(first, division.begin)
        _lock(first, division.locks)
        snapshot = self._ask(first)(division.snapshot)[0][0] if division.snapshot else None
        for connection in others:
            _execute(connection, division.begin)
            if snapshot is not None:
                _execute(connection, division.join.format(snapshot))
            _lock(connection, division.locks)

    def _read_all(self, division: Division) -> list[_Part]:
        queries = [
            dataclasses.replace(self._query, conditions=(*self._query.conditions, condition))
            for condition in division.conditions
        ]
        with ThreadPoolExecutor(len(queries), "aft-part") as threads:
            parts = [*map(threads.submit, repeat(self._read_one), queries, self._connections)]
            try:
                done, _ = wait(parts, return_when=FIRST_EXCEPTION)
                failures = [part.exception() for part in done]
                # Those that end from now on have been stopped, and say less.
                if failure := next(filter(None, failures), None):
                    raise failure
            except BaseException:
                self._stop(parts)
                raise
            return [part.result() for part in parts]

    def _read_one(self, query: Query, connection: Connection) -> _Part:
        with self._pool.reading(connection):
            reader = self._run(query, connection)
            batches = []
            # Drivers do not cancel each fetch (psqlodbc 13.02).
            while not self._is_stopped.is_set() and (batch := reader.next()) is not None:
                batches.append(batch)
            return pa.Table.from_batches(batches, reader.schema), reader.rounded()

    def _stop(self, parts: list[Future[_Part]]) -> None:
        self._is_stopped.set()
        while wait(parts, _INTERVAL).not_done:
            for connection in self._connections:
                interruption.cancel(connection)


def _execute(connection: Connection, statement: str) -> None:
    try:
        connection.execute(statement)
    except _aft.Error as error:
        raise odbc.in_words(error) from None


def _lock(connection: Connection, locks: tuple[str, ...]) -> None:
    with _without_waiting():
        for statement in locks:
            _execute(connection, statement)


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Raise CannotDivide where the database gives up waiting for somebody else's lock."""
    try:
        yield
    except WarehouseError as error:
        known = {(error.sqlstate, None), (error.sqlstate, error.native_code)}
        if _LOCKED.isdisjoint(known):
            raise
        raise CannotDivide("another connection has locked it") from error


def _joined(parts: list[_Part]) -> _Part | None:
    """All rows; nothing where the parts of a column are of different types (SQLite)."""
    tables = [table for table, _ in parts]
    if any(table.schema != tables[0].schema for table in tables):
        return None
    rounded: Counter[str] = Counter()
    for _, counts in parts:
        rounded.update(counts)
    return pa.concat_tables(tables), dict(rounded)
