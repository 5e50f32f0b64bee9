# SPDX-License-Identifier: Apache-2.0
"""Reading and writing a SQLite file with the extension module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from aft import _aft


def connection_string(path: Path) -> str:
    return f"Driver=SQLite3;Database={path};StepAPI=1;NoWCHAR=1;Timeout=200"


def relation(identifier: str, schema: str | None = "main") -> dict[str, object]:
    return {
        "database": None,
        "schema": schema,
        "identifier": identifier,
        "quote_database": True,
        "quote_schema": True,
        "quote_identifier": True,
    }


def read(connection: _aft.Connection, sql: str) -> pa.Table:
    return pa.table(connection.read(sql))


def write(
    connection: _aft.Connection,
    frame: Any,
    name: str = "t",
    mode: str = "overwrite",
    **options: Any,
) -> tuple[int, int]:
    return connection.write(frame, relation(name), mode, **options)


def round_trip(connection: _aft.Connection, frame: Any) -> pa.Table:
    write(connection, frame)
    return read(connection, "select * from t")
