# SPDX-License-Identifier: Apache-2.0
"""A table of a test's own, on each database in turn."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from aft import _aft
from aft.connection import Connection

from tests.support.databases import Database
from tests.support.duckdb_file import DuckdbFile
from tests.unit.python_runtime.module.sqlite import connection_string


@dataclass
class Place:
    """A database with an empty schema of the test's own."""

    name: str
    schema: str
    string: str
    run: Callable[[str], list[str]]  # By other means than what is tested.
    file: DuckdbFile | None = None
    table: str = "t"
    is_qualified: bool = True

    @property
    def server(self) -> str:
        return self.name.removeprefix("unknown-")

    def connect(self) -> Connection:
        """A connection, by what is tested."""
        return self.file.connect() if self.file else _aft.Connection(self.string)

    def write(
        self,
        frame: pa.Table | pa.RecordBatchReader,
        mode: str,
        key: list[str] | None = None,
        **more: Any,
    ) -> str:
        """Write into the table; what it says."""
        connection = self.connect()
        try:
            connection.write(frame, self.relation(), mode, unique_key=key or [], **more)
            return "\n".join(connection.notices)
        finally:
            connection.close()

    def relation(self) -> dict[str, Any]:
        """The table's name, as the extension module takes it."""
        schema = self.schema if self.is_qualified else None
        names = {"database": None, "schema": schema, "identifier": self.table}
        quotes = dict.fromkeys(("quote_database", "quote_schema", "quote_identifier"), True)
        return {**names, **quotes}

    def make(self, columns: str, *rows: str) -> None:
        self.run(f"create table {self.schema}.{self.table} ({columns})")
        for row in rows:
            self.run(f"insert into {self.schema}.{self.table} values ({row})")

    def rows(self, columns: str = "*") -> list[str]:
        return self.run(f"select {columns} from {self.schema}.{self.table} order by 1")

    def tables(self) -> list[str]:
        if self.name == "sqlite":
            return self.run("select name from sqlite_master where type = 'table'")
        return self.run(
            "select table_name from information_schema.tables "
            f"where table_schema = '{self.schema}'"
        )


def in_sqlite(path: Path) -> Place:
    """A file of SQLite's."""

    def ask(sql: str) -> list[str]:
        with closing(sqlite3.connect(path)) as connection, connection:
            rows = connection.execute(sql).fetchall()
        return ["|".join("" if v is None else str(v) for v in row) for row in rows]

    return Place("sqlite", "main", connection_string(path), ask)


@contextmanager
def on_server(made: Database, schema: str) -> Iterator[Place]:
    """A schema of a server, which goes at the end."""
    made.make_schema(schema)
    yield Place(made.name, schema, made.connection_string, made.rows, made.file)
    made.drop_schema(schema)


def frame(**columns: Any) -> pa.Table:
    """A frame of these columns."""
    return pa.table(columns)
