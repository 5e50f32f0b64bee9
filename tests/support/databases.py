# SPDX-License-Identifier: Apache-2.0
"""The databases that one and the same test runs on."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from aft import _aft
from aft.connection import Connection
from aft.profile import Target

from tests.support.duckdb_file import DuckdbFile
from tests.support.mariadb import MariadbServer
from tests.support.postgres import PostgresServer
from tests.support.programs import FAULT_DRIVER

Server = Union[PostgresServer, MariadbServer, DuckdbFile]
# Databases by the name that tests have for them: a server or DuckDB's file, or "unknown-"
# and a server whose driver gives it a name that aft has never heard of.
OVER_ODBC = ("postgres", "mariadb", "unknown-postgres", "unknown-mariadb")
NAMES = (*OVER_ODBC, "duckdb")
DRIVERS = {"postgres": "psqlodbca.so", "mariadb": "libmaodbc.so"}


@dataclass(frozen=True)
class Database:
    """A server as tests see it, whichever it is."""

    name: str
    connection_string: str
    run: Callable[[str], str]  # By other means than what is tested.
    file: DuckdbFile | None = None

    def target(self, schema: str) -> Target:
        """A target of dbt's in one of its schemas."""
        if self.file is not None:
            return self.file.target(schema)
        return Target("p", "t", 1, "any", None, schema, {}, self.connection_string)

    def connect(self) -> Connection:
        """A connection, by what is tested."""
        return self.file.connect() if self.file else _aft.Connection(self.connection_string)

    @property
    def server(self) -> str:
        """The server behind it."""
        return self.name.removeprefix("unknown-")

    @property
    def is_known(self) -> bool:
        """Whether aft has a dialect of its own for it."""
        return self.name == self.server

    def rows(self, sql: str) -> list[str]:
        """Rows of a query; values with `|` between."""
        return self.run(sql).splitlines()

    def tables(self, schema: str) -> list[str]:
        """The names of all tables and views of a schema, in order."""
        return self.rows(
            "select table_name from information_schema.tables "
            f"where table_schema = '{schema}' order by 1"
        )

    def make_schema(self, schema: str) -> None:
        """Make a schema anew."""
        self.drop_schema(schema)
        self.run(f"create schema {schema}")

    def drop_schema(self, schema: str) -> None:
        """Drop a schema and all that is in it."""
        cascade = " cascade" if self.server in ("postgres", "duckdb") else ""
        self.run(f"drop schema if exists {schema}{cascade}")


def fault_driver() -> ctypes.CDLL:
    """What controls the driver that lets calls fail; see its header."""
    library = ctypes.CDLL(str(FAULT_DRIVER))
    library.aft_fault_function.restype = ctypes.c_char_p
    return library


def database(name: str, server: Server) -> Database:
    """The database of that name on its server."""
    file = server if isinstance(server, DuckdbFile) else None
    made = Database(name, server.connection_string, server.run, file)
    if made.is_known:
        return made
    return behind_fault_driver(made, "Unknown")


def behind_fault_driver(known: Database, dbms_name: str = "") -> Database:
    """The same, with the driver between that lets calls fail and may give it a name."""
    (driver,) = Path("/usr/lib").glob(f"*/odbc/{DRIVERS[known.server]}")
    control = fault_driver()
    control.aft_fault_use(str(driver).encode())
    control.aft_fault_rename(dbms_name.encode())
    _, _, rest = known.connection_string.partition(";")
    name = f"unknown-{known.server}" if dbms_name else known.name
    return Database(name, f"Driver={FAULT_DRIVER};{rest}", known.run)
