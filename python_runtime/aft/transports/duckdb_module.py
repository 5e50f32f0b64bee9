# SPDX-License-Identifier: Apache-2.0
"""DuckDB in this process, by its own module."""

from __future__ import annotations

import contextlib
import importlib
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from aft import _aft
from aft.transports.duckdb_errors import error_of
from aft.transports.duckdb_statement import SEVERAL, gives_rows, outcome
from aft.transports.duckdb_types import readable_query
from aft.transports.transport import TextRow

_INTERVAL = 0.02  # seconds
_LONGEST_CANCEL = 1.0
_SELECTS = frozenset({"SELECT"})


class ModuleTransport:
    """A session of the DuckDB database that this process has opened."""

    dbms_name = "DuckDB"

    def __init__(self, connection: Any) -> None:
        """``connection`` is a duckdb.DuckDBPyConnection, which this closes."""
        self._connection = connection
        # What goes through Arrow's streams has lost its own class.
        module = importlib.import_module("duckdb")
        self._errors = (module.Error, pa.ArrowException, OSError)
        self._cancelling = threading.Lock()
        self._calls_so_far = 0
        self._call = 0  # The number of the one that runs and may be stopped.
        # Rows that nobody has taken to their end keep others from running.
        self._open: pa.RecordBatchReader | None = None
        self._left: list[str] = []  # Names of rows that a failed statement has read.

    def run(self, sql: str, may_stop: bool) -> tuple[list[TextRow] | None, int]:
        """Run a statement; see `Transport`."""
        with self._calls(may_stop):
            has_rows = self._gives_rows(sql)
            rows = self._connection.execute(sql).fetchall()
            names = [column[0] for column in self._connection.description or ()]
        return outcome(has_rows, names, rows)

    def _unregister_left(self) -> None:
        while self._left:
            self._connection.unregister(self._left.pop())

    def insert(self, table: str, columns: str, rows: _aft.Result) -> None:
        """Insert a batch of rows; see `Transport`."""
        name = f"aft_rows_{secrets.token_hex(8)}"
        with self._calls(True):
            self._unregister_left()
            self._connection.register(name, pa.RecordBatchReader.from_stream(rows))
            try:
                self._connection.execute(
                    f"INSERT INTO {table} ({columns}) SELECT * FROM {name}"
                )
            except BaseException:
                # A transaction that has failed refuses this as well.
                self._left.append(name)
                raise
            self._connection.unregister(name)

    def read(self, sql: str, batch_rows: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Run a query; see `Transport`."""
        with self._calls(True):
            if self._kind(sql) in _SELECTS:
                described = self._connection.execute(f"DESCRIBE {sql}").fetchall()
                columns = [(name, kind) for name, kind, *_ in described]
                relation = self._connection.sql(readable_query(sql, columns, in_file=False))
            else:
                # It can't be part of another statement, and has run now.
                kept = self._connection.sql(sql)
                columns = list(zip(kept.columns, map(str, kept.types)))
                rows = readable_query("FROM aft_kept", columns, in_file=False)
                relation = kept.query("aft_kept", rows)
            reader = self._open = _reader(relation, batch_rows)
        return reader.schema, self._batches(reader)

    def gives_rows(self, sql: str) -> bool:
        """Whether a statement is a query; see `Transport`."""
        with self._calls(True):
            return self._gives_rows(sql)

    def cancel(self) -> bool:
        """Stop what another thread waits for; see `Transport`."""
        call = self._call
        if not call:
            return False
        # DuckDB forgets what it was told before the statement begins.
        deadline = time.monotonic() + _LONGEST_CANCEL
        while time.monotonic() < deadline:
            with self._cancelling:
                if self._call != call:
                    break
                self._connection.interrupt()
            time.sleep(_INTERVAL)
        return True

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def _batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        while True:
            with self._calls(True, closes=False):
                try:
                    batch = reader.read_next_batch()
                except StopIteration:
                    return
            yield batch

    def _kind(self, sql: str) -> str:
        statements = self._connection.extract_statements(sql)
        return statements[-1].type.name if statements else ""

    def _gives_rows(self, sql: str) -> bool:
        statements = self._connection.extract_statements(sql)
        if len(statements) != 1:
            return gives_rows(SEVERAL if statements else "", False, sql)
        kinds = [kind.name for kind in statements[-1].expected_result_type]
        return gives_rows(statements[-1].type.name, kinds == ["QUERY_RESULT"], sql)

    @contextlib.contextmanager
    def _calls(self, may_stop: bool, *, closes: bool = True) -> Iterator[None]:
        """Around calls of the module: makes its errors ours, and lets `cancel` stop them.

        ``closes`` what rows are left of the statement before.
        """
        self._calls_so_far += 1
        with self._cancelling:
            self._call = self._calls_so_far if may_stop else 0
        try:
            if closes and self._open is not None:
                self._open.close()
                self._open = None
            yield
        except self._errors as error:
            raise error_of(str(error)) from None
        finally:
            with self._cancelling:
                self._call = 0


def _reader(relation: Any, batch_rows: int) -> pa.RecordBatchReader:
    """The rows of a query that runs now. The method has had several names."""
    for name in ("to_arrow_reader", "fetch_arrow_reader", "fetch_record_batch"):
        if method := getattr(relation, name, None):
            return method(batch_rows)
    raise _aft.Error("cannot read from DuckDB: this version of its module gives no Arrow")
