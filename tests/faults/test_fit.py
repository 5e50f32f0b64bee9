# SPDX-License-Identifier: Apache-2.0
"""Columns of tables that are there hold a frame's values as they are, or refuse them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from aft import _aft
from aft.connection import Connection
from aft.errors import AftError
from aft.manifest import Relation
from aft.warehouse import Warehouse

from tests.support.databases import Database

TABLE = {
    "database": None,
    "schema": "edges",
    "identifier": "t",
    "quote_database": True,
    "quote_schema": True,
    "quote_identifier": True,
}
MIDNIGHT = dt.datetime(2024, 2, 29)
# The column's type, MariaDB's name for it, the frame's value, and what is stored.
HELD: list[tuple[str, str, Any, str]] = [
    ("numeric(12, 2)", "", 0.1 + 0.2, "0.30"),
    ("numeric(12, 2)", "", 2.675, "2.68"),
    ("numeric(12, 2)", "", Decimal("1.500"), "1.50"),
    ("real", "float", 0.1, "0.1"),
    ("double precision", "", Decimal("1.25"), "1.25"),
    ("integer", "", 3.0, "3"),
    ("bigint", "", Decimal("3.00"), "3"),
    ("varchar(3)", "", "ab ", "ab "),
    ("date", "", MIDNIGHT, "2024-02-29"),
    (
        "timestamp(1)",
        "datetime(1)",
        MIDNIGHT.replace(microsecond=500_000),
        "2024-02-29 00:00:00.5",
    ),
    ("timestamp", "datetime", MIDNIGHT.date(), "2024-02-29 00:00:00"),
    ("text", "", True, "true"),
    ("char(3)", "", "ab", "ab"),
    ("text", "", 0.1, "0.1"),
]
# The same, with the error. A driver's description does not tell how long texts may be.
REFUSED: list[tuple[str, str, Any, str]] = [
    ("numeric(4, 1)", "", Decimal("1.25"), "row 1 holds the decimal 1.25, and the table's"),
    ("numeric(4, 1)", "", 1000.5, "row 1 holds the double 1000.5, and the table's"),
    ("numeric(4, 1)", "", float("inf"), "row 1 holds infinity, and the table's column"),
    (
        "double precision",
        "",
        Decimal("0.12345678901234567891"),
        "row 1 holds the decimal 0.12345678901234567891, and the table's",
    ),
    ("smallint", "", 40_000, "row 1 holds the integer 40000, and the table's column"),
    ("integer", "", 1.5, "row 1 holds the double 1.5, and the table's column"),
    ("real", "float", 1e39, "row 1 holds the double 1e[+]39, and the table's column"),
    ("real", "float", 2**24 + 1, "row 1 holds the integer 16777217, and the table's column"),
    ("date", "", MIDNIGHT.replace(hour=1), "row 1 holds the timestamp 2024-02-29 01:00:00"),
    ("time", "", MIDNIGHT, "'a' holds timestamps, which would change"),
    ("date", "", 7, "'a' holds integers, which would change"),
    ("integer", "", "7", "'a' holds text, which would change"),
    (
        "timestamp(1)",
        "datetime(1)",
        MIDNIGHT.replace(microsecond=1),
        "keeps [13] digits behind",
    ),
    ("varchar(3)", "", "abcd", "row 1 holds the text 'abcd', and the table's column|too long"),
]
# DuckDB keeps three digits where it is asked for one.
CUT = ("varchar(3)", "", "abc ", "row 1 holds the text 'abc ', and the table's column")


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    database.make_schema("edges")
    made = database.connect()
    yield made
    made.close()
    database.drop_schema("edges")


def make_table(database: Database, columns: dict[str, tuple[str, str]]) -> None:
    """The table anew, of the types or of MariaDB's names for them."""
    at = 1 if database.server == "mariadb" else 0
    declared = ", ".join(f"{name} {types[at] or types[0]}" for name, types in columns.items())
    database.run(f"drop table if exists edges.t; create table edges.t ({declared})")


def test_values_are_stored_as_they_are_or_rounded_as_the_column_says(
    database: Database, connection: Connection
) -> None:
    names = [f"c{number}" for number in range(len(HELD))]
    make_table(database, {name: case[:2] for name, case in zip(names, HELD)})

    frame = pa.table({name: [case[2]] for name, case in zip(names, HELD)})
    connection.write(frame, TABLE, "append")

    (row,) = database.rows("select * from edges.t")
    stored = [case[3] for case in HELD]
    if database.server == "postgres":
        stored[-2] += " "  # Padding is char(n)'s own.
    assert row.split("|") == stored


def test_what_a_column_would_change_is_refused(
    database: Database, connection: Connection
) -> None:
    cases = REFUSED + ([CUT] if database.is_known else [])
    if database.name == "duckdb":
        make_table(database, {"a": ("varchar(3)", "")})
        assert database.rows("insert into edges.t values ('abcd') returning a") == ["abcd"]
        cases = [case for case in cases if case[0] != "varchar(3)"]
    for *types, value, message in cases:
        make_table(database, {"a": (types[0], types[1])})

        with pytest.raises(_aft.Error, match=message):
            connection.write(pa.table({"a": [value]}), TABLE, "append")

        assert database.rows("select count(*) from edges.t") == ["0"], types


TYPES = "n numeric(12, 2), d date, i bigint, x double precision, s varchar(9)"


def types_of(database: Database) -> list[str]:
    """The columns' types, without what the servers call them."""
    return database.rows(
        "select concat(data_type, coalesce(numeric_precision, 0), ' ', coalesce("
        "numeric_scale, 0)) from information_schema.columns where table_schema = 'edges' "
        "and table_name = 't' order by ordinal_position"
    )


@pytest.mark.parametrize("database", ["postgres", "mariadb", "duckdb"], indirect=True)
def test_an_overwrite_keeps_the_types_that_the_frame_fits(
    database: Database, warehouse: Warehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    database.run(f"create table edges.t ({TYPES})")
    declared = types_of(database)
    table = Relation(None, "edges", "t")
    frame = pd.DataFrame({"n": [0.1 + 0.2], "d": [MIDNIGHT], "i": [3.0], "x": [1], "s": ["x"]})

    warehouse.write(frame, table, "overwrite", {})
    assert types_of(database) == declared
    assert database.rows("select n, d, i from edges.t") == ["0.30|2024-02-29|3"]

    late = frame.assign(d=MIDNIGHT.replace(hour=1), i=1.5)
    with pytest.raises(AftError, match=r"column 'd', row 1 holds .* another one with dtype"):
        warehouse.write(iter([late]), table, "overwrite", {})
    assert types_of(database) == declared

    capfd.readouterr()
    warehouse.write(late, table, "overwrite", {})
    said = capfd.readouterr().err
    row = "warning: 'edges.t': column 'd', row 1 holds the timestamp"
    assert said.startswith("\x1ewarn\x1f" + row)
    assert said.count("; the column gets another type\n") == 2
    renewed = types_of(database)
    assert [at for at in range(5) if renewed[at] != declared[at]] == [1, 2]
    assert database.rows("select i from edges.t") == ["1.5"]


@pytest.mark.parametrize("database", ["postgres", "mariadb", "duckdb"], indirect=True)
def test_new_decimals_have_room_for_those_of_another_day(
    database: Database, warehouse: Warehouse
) -> None:
    table = Relation(None, "edges", "t")
    exact = pa.array([Decimal("1.25")], pa.decimal128(12, 2))

    warehouse.write(pd.DataFrame({"n": [Decimal("1.25")]}), table, "overwrite", {})
    guessed = types_of(database)
    warehouse.write(pd.DataFrame({"n": [Decimal("123456789.123456789")]}), table, "append", {})
    warehouse.write(pa.table({"m": exact}), table, "overwrite", {})

    if database.name == "mariadb":
        assert [*guessed, *types_of(database)] == ["decimal38 9", "decimal38 2"]
    elif database.name == "duckdb":
        assert [*guessed, *types_of(database)] == ["DECIMAL(38,9)38 9", "DECIMAL(38,2)38 2"]
    else:
        assert [*guessed, *types_of(database)] == ["numeric0 0", "numeric0 0"]
