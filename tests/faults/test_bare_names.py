# SPDX-License-Identifier: Apache-2.0
"""A table whose name is given without a schema is the one that the database finds by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from aft import _aft

from tests.support import databases
from tests.support.databases import Database
from tests.support.postgres import PostgresServer

SCHEMAS = ("first", "second", "hidden")
BARE: dict[str, Any] = {
    "database": None,
    "schema": None,
    "identifier": "t",
    **dict.fromkeys(("quote_database", "quote_schema", "quote_identifier"), False),
}


@pytest.fixture(params=["postgres", "unknown-postgres"])
def place(request: pytest.FixtureRequest, postgres: PostgresServer) -> Iterator[Database]:
    """A database that looks for a bare name in `first` and then in `second`."""
    made = databases.database(request.param, postgres)
    for schema in SCHEMAS:
        made.make_schema(schema)
    path = "ConnSettings={set search_path to missing, first, second}"
    yield replace(made, connection_string=f"{made.connection_string};{path}")
    for schema in SCHEMAS:
        made.drop_schema(schema)


def write(place: Database, mode: str, **columns: list[int]) -> None:
    connection = _aft.Connection(place.connection_string)
    try:
        connection.write(pa.table(columns), BARE, mode)
    finally:
        connection.close()


def tables(place: Database) -> list[str]:
    return place.rows(
        "select schemaname || '.' || tablename from pg_tables "
        "where schemaname in ('first', 'second', 'hidden') order by 1"
    )


@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_a_table_of_a_later_schema_stays_there(place: Database, mode: str) -> None:
    place.run("create table second.t (a bigint); insert into second.t values (1)")

    write(place, mode, a=[2])

    assert tables(place) == ["second.t"]
    assert place.rows("select a from second.t order by a") == ["1", "2"][mode != "append" :]


def test_a_name_that_is_new_is_made_in_the_first_schema_that_is_there(place: Database) -> None:
    for _ in range(2):
        write(place, "overwrite", a=[1])

    assert tables(place) == ["first.t"]


@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_tables_of_that_name_in_other_schemas_stay(place: Database, mode: str) -> None:
    place.run("create table first.t (a bigint); create table second.t (a bigint)")
    place.run("create table hidden.t (a bigint)")

    if place.name == "postgres":
        write(place, mode, a=[1])
        assert place.rows("select a from first.t") == ["1"]
    else:
        with pytest.raises(_aft.Error, match="'first', 'hidden', 'second'; write the name"):
            write(place, mode, a=[1])

    assert place.rows("select a from second.t union all select a from hidden.t") == []


def test_a_schema_where_nobody_looks_is_another_place(place: Database) -> None:
    place.run("create table hidden.t (a bigint); insert into hidden.t values (1)")

    if place.name == "postgres":
        write(place, "overwrite", a=[2])
        assert tables(place) == ["first.t", "hidden.t"]
    else:
        with pytest.raises(_aft.Error, match="in schema 'hidden'; write the name with"):
            write(place, "overwrite", a=[2])

    assert place.rows("select a from hidden.t") == ["1"]
