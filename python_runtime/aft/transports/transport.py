# SPDX-License-Identifier: Apache-2.0
"""A way to a database that is no ODBC driver, and a connection over it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pyarrow as pa

from aft import _aft
from aft.transports.arrow_result import ArrowResult
from aft.transports.literals import with_literals

TextRow = tuple["str | None", ...]


class Transport(Protocol):
    """A session with a database; its calls raise _aft.Error with all attributes.

    One thread at a time uses it, but for `cancel`.
    """

    dbms_name: str

    def run(self, sql: str, may_stop: bool) -> tuple[list[TextRow] | None, int]:
        """Run a statement: its rows, if it gives any, and how many it changed, or -1.

        `cancel` stops it if it ``may_stop``.
        """

    def insert(self, table: str, columns: str, rows: _aft.Result) -> None:
        """Insert a batch of rows into columns of a table, which are given as in SQL."""

    def read(self, sql: str, batch_rows: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Run a query for its rows."""

    def gives_rows(self, sql: str) -> bool:
        """Whether a statement is a query. Raises for what is no statement."""

    def cancel(self) -> bool:
        """Stop what another thread waits for; False if there is nothing."""

    def close(self) -> None:
        """End the session, which undoes what it has not committed."""


class TransportConnection:
    """A connection over a transport; see `aft.connection.Connection`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._core = _aft.Connection("", transport=transport)
        self.dbms_name = transport.dbms_name
        self.write = self._core.write
        self.execute = self._core.execute
        self.has_committed = self._core.has_committed
        self.has_schema = self._core.has_schema
        self.quote = self._core.quote
        self.sql_name = self._core.sql_name
        self.cancel = transport.cancel

    @property
    def commits(self) -> int:
        """How many writes may have been committed."""
        return self._core.commits

    @property
    def notices(self) -> list[str]:
        """What the user should know of the last write."""
        return self._core.notices

    def read(
        self,
        sql: str,
        batch_rows: int = 65_536,
        decimals: str = "declared",
        relation: str = "",
        parameters: list[Any] | None = None,
        any_statement: bool = False,
        infinite_dates: str = "error",
    ) -> ArrowResult:
        """The rows of a query; see `_aft.Connection.read`."""
        try:
            return self._read(
                with_literals(sql, parameters or []),
                batch_rows,
                any_statement,
                decimals=decimals,
                nulls_infinity=infinite_dates == "null",
                relation=relation,
            )
        except _aft.Error as error:
            _tell(error)
            raise

    def _read(
        self, statement: str, batch_rows: int, any_statement: bool, **choices: Any
    ) -> ArrowResult:
        if not self._transport.gives_rows(statement):
            if not any_statement:
                raise _aft.Error(
                    "cannot run the query: the statement gives no rows, and only queries can "
                    "be read; let dbt run it, such as in a post_hook"
                )
            self._transport.run(statement, True)
            return ArrowResult(pa.schema([]), iter(()))
        schema, batches = self._transport.read(statement, batch_rows)
        return ArrowResult(schema, _told(batches), **choices)

    def hold(self) -> None:
        """Nothing: no thread of aft's own works on it."""

    def let_go(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Close it."""
        self._core.close()
        self._transport.close()


def _told(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except _aft.Error as error:
        _tell(error)
        raise


def _tell(error: _aft.Error) -> None:
    """Let what the database says of a query begin as errors do."""
    if error.sqlstate is not None:
        error.args = (f"cannot run the query: {error.function}: {error.sqlstate} {error}",)
