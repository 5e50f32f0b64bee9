# SPDX-License-Identifier: Apache-2.0
"""A database behind the ODBC driver that fails, and a table in it.

A test's module takes the fixtures by assignment: ``database = failing.database``.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

import pyarrow as pa
import pytest
from aft import _aft

from tests.support import databases
from tests.support.databases import Database

TARGET = {
    "database": None,
    "schema": "faults",
    "identifier": "t",
    "quote_database": True,
    "quote_schema": True,
    "quote_identifier": True,
}
TABLES = "select table_name from information_schema.tables where table_schema = 'faults'"
FRAME = pa.table({"a": [1, 2, 3], "s": ["x", "y", "z"]})
OLD, NEW = ["42|old"], ["1|x", "2|y", "3|z"]


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The database of a parameter, where the schema `faults` has a table."""
    known = request.param.removeprefix("unknown-")
    server = request.getfixturevalue(known)
    with contextlib.closing(server.session()) as session:
        made = databases.behind_fault_driver(
            dataclasses.replace(databases.database(known, server), run=session.run),
            "" if known == request.param else "Unknown",
        )
        made.make_schema("faults")
        made.run("create table faults.t (a bigint, s varchar(9))")
        made.run("insert into faults.t values (42, 'old')")
        yield made
        made.drop_schema("faults")


@pytest.fixture
def connection(database: Database) -> Iterator[_aft.Connection]:
    """A connection through the driver."""
    made = _aft.Connection(database.connection_string)
    yield made
    made.close()


def rows_of(database: Database) -> list[str]:
    return rows_and_tables(database)[0]


def rows_and_tables(database: Database) -> tuple[list[str], list[str]]:
    """The rows of the table, and the tables beside it."""
    lines = database.rows(f"select a, s from faults.t; {TABLES}")
    return sorted(line for line in lines if "|" in line), [
        line for line in lines if "|" not in line
    ]
