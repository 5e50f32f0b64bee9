# SPDX-License-Identifier: Apache-2.0
"""A DuckDB file of a test run's own, opened in the process of the tests."""

from __future__ import annotations

from pathlib import Path

import duckdb
from aft.connection import Connection
from aft.connection_string import connect, settings_for
from aft.profile import Target


class DuckdbFile:
    """A database file. All connections of a process share what has it open."""

    connection_string = ""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = duckdb.connect(str(path))
        self._connection.execute("set TimeZone = 'UTC'")

    def run(self, sql: str) -> str:
        """Run statements, not with what is tested; rows as text, `|` between."""
        connection = self.cursor()
        try:
            relation = connection.sql(sql)
            if relation is None:
                return ""
            # DuckDB's own texts are those that other databases print.
            texts = relation.project("columns(*)::varchar").fetchall()
            return "\n".join("|".join(value or "" for value in row) for row in texts)
        finally:
            connection.close()

    def target(self, schema: str) -> Target:
        """A target of dbt's in a schema of it."""
        credentials = {"path": str(self.path)}
        return Target("p", "t", 1, "duckdb", None, schema, credentials, None)

    def connect(self) -> Connection:
        """A connection, by what is tested."""
        return connect(settings_for(self.target("main")))

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Another session of the module's own."""
        return self._connection.cursor()

    def close(self) -> None:
        """Close the tests' own connection."""
        self._connection.close()
