# SPDX-License-Identifier: Apache-2.0
"""The extension module: a warehouse over ODBC, frames as Arrow streams."""

from typing import Any

class Error(Exception):
    """What ODBC refused. str() is the whole message."""

    sqlstate: str | None
    native_code: int | None
    function: str | None

class Result:
    """Rows of a query, to be taken once."""

    def __arrow_c_stream__(self, requested_schema: Any = ...) -> Any: ...

class Connection:
    """One ODBC connection."""

    def __init__(self, connection_string: str, statements: list[str] = ...) -> None: ...
    @property
    def dbms_name(self) -> str: ...
    def read(self, sql: str, batch_rows: int = ...) -> Result: ...
    def execute(self, sql: str) -> int | None: ...
    def write(
        self,
        stream: Any,
        relation: dict[str, Any],
        mode: str,
        column_types: dict[str, str] = ...,
    ) -> tuple[int, int]: ...
    def quote(self, identifier: str) -> str: ...
    def sql_name(self, relation: dict[str, Any]) -> str: ...
    def close(self) -> None: ...

def die_with_parent(parent: int = ...) -> None: ...
def drivers() -> list[str]: ...
