# SPDX-License-Identifier: Apache-2.0
"""The extension module: a warehouse over ODBC, frames as Arrow streams."""

from typing import Any

from aft.transports.transport import Transport

class Error(Exception):
    """What the warehouse refused. str() is the whole message."""

    sqlstate: str | None
    native_code: int | None
    function: str | None
    # Of a commit without an answer: the transaction, and the rows and bytes written by it.
    commit: tuple[str, int, int] | None
    # Of a value that the type of the overwritten table's column does not hold: the column,
    # which may be one of those ``renewed`` in a second try.
    misfit: str | None

class Result:
    """Rows of a query, to be taken once."""

    def __arrow_c_stream__(self, requested_schema: Any = ...) -> Any: ...
    def raise_failure(self) -> None: ...
    def rounded(self) -> dict[str, int]:
        """By column: decimals read so far that became doubles without all digits."""

class Connection:
    """One connection; ``longest_silence`` in seconds, 0 for any."""

    def __init__(
        self,
        connection_string: str,
        statements: list[str] = ...,
        longest_silence: int = ...,
        transport: Transport = ...,
    ) -> None:
        """Over ODBC, or over a ``transport`` instead."""
    @property
    def dbms_name(self) -> str: ...
    @property
    def commits(self) -> int: ...
    @property
    def last_sink(self) -> str: ...
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
        """``decimals``: declared, exact, float or real. ``relation`` is for messages.

        ``infinite_dates``: error, or null for NULL in place of each.

        ``parameters`` are those of `aft.parameters`. ``any_statement`` also takes one that
        gives no rows, not even columns.
        """
    def execute(self, sql: str) -> int | None: ...
    def write(
        self,
        stream: Any,
        relation: dict[str, Any],
        mode: str,
        column_types: dict[str, str] = ...,
        unique_key: list[str] = ...,
        on_schema_change: str = ...,
        rebuilt: list[dict[str, Any]] = ...,
        types_are_declared: bool = ...,
        if_new: list[str] = ...,
        then: list[str] = ...,
        guessed_decimals: list[str] = ...,
        renewed: list[str] = ...,
        keeps_views: bool = ...,
        given_up: list[str] = ...,
        if_kept: list[str] = ...,
    ) -> tuple[int, int]:
        """The rows and bytes written. ``on_schema_change``: "" refuses new columns.

        ``rebuilt`` are views that are built anew on the table right after it. With
        ``types_are_declared``, a table that stays need not have the types asked for.
        ``then`` are statements for a table that was made or overwritten, and ``if_new``
        those for a new one alone, before them, or ``if_kept`` for an overwritten one that
        stays. ``guessed_decimals`` are columns whose
        digits are those of the frame's values, and ``renewed`` those that don't keep their
        types when a table is overwritten. ``keeps_views`` refuses to overwrite a view, and
        ``given_up`` has what a new table is not to have of the old one, in the words of a
        notice.
        """
    def has_committed(self, transaction_id: str) -> bool | None: ...
    def has_schema(self, relation: dict[str, Any]) -> bool: ...
    def quote(self, identifier: str) -> str: ...
    def sql_name(self, relation: dict[str, Any]) -> str: ...
    def cancel(self) -> bool: ...
    def hold(self) -> None: ...
    def let_go(self) -> None: ...
    def close(self) -> None: ...

def data_sources() -> dict[str, str]: ...
def die_with_parent(parent: int = ...) -> None: ...
def drivers() -> dict[str, str]: ...
def fork_into_group(group: int) -> int: ...
def load_odbc() -> None: ...
