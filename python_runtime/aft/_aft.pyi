# SPDX-License-Identifier: Apache-2.0
"""The extension module: a warehouse over ODBC, frames as Arrow streams."""

from typing import Any

class Error(Exception):
    """What ODBC refused. str() is the whole message."""

    sqlstate: str
    native_code: int
    function: str

class Connection:
    """One ODBC connection."""

    def __init__(self, connection_string: str, statements: list[str] = ...) -> None: ...
    @property
    def dbms_name(self) -> str: ...
    def read(self, sql: str, batch_rows: int = ...) -> Any: ...
    def execute(self, sql: str) -> int | None: ...
    def write(
        self,
        stream: Any,
        relation: dict[str, Any],
        mode: str,
        column_types: dict[str, str] = ...,
    ) -> tuple[int, int]: ...
    def quote(self, identifier: str) -> str: ...
    def close(self) -> None: ...

def die_with_parent() -> None: ...
def drivers() -> list[str]: ...
