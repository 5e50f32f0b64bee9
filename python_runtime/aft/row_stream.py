# SPDX-License-Identifier: Apache-2.0
"""Rows that are read batch by batch, so that a table need not fit into memory."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import pyarrow as pa

from aft import _aft, messages, odbc
from aft.connection import Connection, Result
from aft.connection_pool import ConnectionPool
from aft.errors import AftError

_OF_ANOTHER_PROCESS = (
    "cannot read on: another process has opened these batches; call ref() or source() in "
    "this process"
)

Moved = Callable[[pa.RecordBatch, float], None]
"""Is told each batch, and the seconds that it took."""


class _Source(Protocol):
    schema: pa.Schema

    def next(self) -> pa.RecordBatch | None:
        """The next batch; None at the end."""

    def tell_rounded(self) -> None:
        """Warn, when all is read, of decimals that lost digits."""


class ResultReader:
    """The rows of a query's result, at most ``limit`` of them. Raises AftError."""

    def __init__(self, result: Result, limit: int | None = None, of: str = "") -> None:
        """``of`` is what is read, for messages."""
        self._result = result
        self._left = limit
        self._of = of
        self._rows = 0
        try:
            self._reader: pa.RecordBatchReader | None = pa.RecordBatchReader.from_stream(
                result
            )
        except (pa.ArrowException, OSError) as error:
            raise self._failure(error) from None
        self.schema: pa.Schema = self._reader.schema

    def next(self) -> pa.RecordBatch | None:
        """The next batch; None at the end."""
        if self._left == 0 or self._reader is None:
            return None
        try:
            batch = self._reader.read_next_batch()
        except StopIteration:
            return None
        except (pa.ArrowException, OSError) as error:
            failure = self._failure(error)
            # Its statement would hold locks for as long as somebody keeps the error.
            self._reader, self._left = None, 0
            raise failure from None
        if self._left is not None:
            batch = batch.slice(0, self._left)
            self._left -= batch.num_rows
        self._rows += batch.num_rows
        return batch

    def read_all(self) -> pa.Table:
        """All rows."""
        return pa.Table.from_batches(list(iter(self.next, None)), self.schema)

    def rounded(self) -> dict[str, int]:
        """By column, how many decimals became doubles without all of their digits."""
        return self._result.rounded()

    def tell_rounded(self) -> None:
        """Warn if decimals became doubles without all of their digits."""
        tell_rounded(self.rounded(), self._rows, self._of)

    def _failure(self, error: Exception) -> Exception:
        try:
            self._result.raise_failure()
        except _aft.Error as failure:
            return odbc.in_words(failure)
        return error


def tell_rounded(rounded: dict[str, int], rows: int, of: str) -> None:
    """Warn of decimals, counted by column, that became doubles without all their digits.

    ``of`` is what was read, or "" for a query.
    """
    if not rounded:
        return
    columns = ", ".join(
        f"'{name}' ({count:,} of {rows:,} values)" for name, count in rounded.items()
    )
    messages.warn(
        f"{of or 'the query'} has decimals with more digits than float64 keeps, in column "
        f'{columns}; decimals="decimal" keeps all that are declared, and else up to 18 '
        "behind the point"
    )


class RowStream:
    """The rows of a query, over a connection of their own; for any thread of one process.

    `spool` frees the connection: what nobody has taken by then goes to a file.
    """

    def __init__(self, pool: ConnectionPool, moved: Moved) -> None:
        self._pool = pool
        self._moved = moved
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._source: _Source | None = None
        self._connection: Connection | None = None

    def open(self, run: Callable[[Connection], ResultReader]) -> None:
        """Start the query that ``run`` runs."""
        if self._pool.readers_stop_writers:
            with self._pool.connection() as connection:
                self._source = _Spool(run(connection))
            return
        self._connection = self._pool.lease()
        with self._until_failure(), self._pool.reading(self._connection):
            self._source = run(self._connection)

    def reader(self) -> pa.RecordBatchReader:
        """The rows as Arrow's reader. It gives one batch at least, if only an empty one."""
        assert self._source is not None
        schema = self._source.schema
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema))

    def spool(self) -> None:
        """Give the connection back, and keep the rows that are left in a file."""
        if os.getpid() != self._process:
            return
        with self._lock:
            if self._connection is None or self._source is None:
                return
            with self._pool.reading(self._connection):
                try:
                    self._source = _Spool(self._source)
                except BaseException as error:
                    # Some rows may be lost, so that nobody is to read on.
                    self._source = _Failed(error)
                    if not isinstance(error, Exception):
                        raise
                finally:
                    self._release(is_finished=isinstance(self._source, _Spool))

    def close(self) -> None:
        """Read no more."""
        if os.getpid() == self._process:
            with self._lock:
                self._source = None
                self._release(is_finished=False)

    def __del__(self) -> None:
        """Give the connection back if nobody has read to the end."""
        self.close()

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        batch = self._next()
        yield pa.RecordBatch.from_pylist([], schema) if batch is None else batch
        while batch is not None:
            batch = self._next()
            if batch is not None:
                yield batch

    def _next(self) -> pa.RecordBatch | None:
        if os.getpid() != self._process:
            raise AftError(_OF_ANOTHER_PROCESS)
        with self._lock:
            if self._source is None:
                return None
            began = time.monotonic()
            if self._connection is None:
                batch = self._source.next()
            else:
                with self._until_failure(), self._pool.reading(self._connection):
                    batch = self._source.next()
            if batch is None:
                source, self._source = self._source, None
                self._release(is_finished=True)
                source.tell_rounded()
            else:
                self._moved(batch, time.monotonic() - began)
            return batch

    @contextmanager
    def _until_failure(self) -> Iterator[None]:
        """Keep no connection that has failed, for as long as somebody keeps the error."""
        try:
            yield
        except BaseException:
            self._source = None
            self._release(is_finished=False)
            raise

    def _release(self, *, is_finished: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection, is_usable=is_finished)


class _Spool:
    """The rows of another source, in a file without a name: it is gone when we are."""

    def __init__(self, source: _Source) -> None:
        self.schema = source.schema
        try:
            self._file = tempfile.TemporaryFile(prefix="aft-")  # noqa: SIM115
            with pa.ipc.new_stream(self._file, self.schema) as stream:
                while (batch := source.next()) is not None:
                    stream.write_batch(batch)
            source.tell_rounded()
            self._file.seek(0)
        except OSError as error:
            raise AftError(
                f"cannot keep rows in the folder '{tempfile.gettempdir()}': {error.strerror}; "
                "set TMPDIR to another one"
            ) from None
        self._reader = pa.ipc.open_stream(self._file)

    def next(self) -> pa.RecordBatch | None:
        """The next batch; None at the end."""
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            return None

    def tell_rounded(self) -> None:
        """Nothing: whoever filled the file has been told."""


class _Failed:
    """What was left when the rest of the rows could not be read."""

    schema = pa.schema([])

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def next(self) -> pa.RecordBatch | None:
        """Raise why."""
        raise self._error

    def tell_rounded(self) -> None:
        """Nothing: the rows have not been read."""
