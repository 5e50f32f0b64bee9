# SPDX-License-Identifier: Apache-2.0
"""What everything above it knows of a connection, over whichever transport it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Result(Protocol):
    """Rows of a query, to be taken once. `_aft.Result` is one."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows as an Arrow stream in a capsule."""

    def raise_failure(self) -> None:
        """Raise what the stream has failed with, if it has."""

    def rounded(self) -> dict[str, int]:
        """By column: decimals read so far that became doubles without all digits."""


class Connection(Protocol):
    """A connection; `_aft.Connection` is one, and says more. Raises _aft.Error."""

    @property
    def dbms_name(self) -> str:
        """What its driver calls the database."""

    @property
    def commits(self) -> int:
        """How many writes may have been committed."""

    @property
    def notices(self) -> list[str]:
        """What the user should know of the last write."""

    def read(
        self,
        sql: str,
        batch_rows: int = ...,
        decimals: str = ...,
        relation: str = ...,
        parameters: list[Any] = ...,
        any_statement: bool = ...,
        infinite_dates: str = ...,
    ) -> Result:
        """The rows of a query."""

    def execute(self, sql: str) -> int | None:
        """Run a statement; the number of rows it changed."""

    @property
    def write(self) -> Callable[..., tuple[int, int]]:
        """Write a stream into a relation; the rows and bytes written."""

    def has_committed(self, transaction_id: str) -> bool | None:
        """Whether a transaction was committed; None while it runs."""

    def has_schema(self, relation: dict[str, Any]) -> bool:
        """Whether the schema that a relation is to be in is there."""

    def quote(self, identifier: str) -> str:
        """The identifier between quotes."""

    def sql_name(self, relation: dict[str, Any]) -> str:
        """A relation's name in SQL."""

    def cancel(self) -> bool:
        """Stop the statement that another thread waits for; False without one."""

    def hold(self) -> None:
        """Wait until no thread is within the driver."""

    def let_go(self) -> None:
        """End `hold`, in the thread that called it."""

    def close(self) -> None:
        """Close it."""
