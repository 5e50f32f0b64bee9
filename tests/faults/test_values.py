# SPDX-License-Identifier: Apache-2.0
"""Values at the edge of what a server holds come back as they are, or are refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from aft.errors import AftError
from aft.manifest import Relation
from aft.warehouse import Warehouse

from tests.support import databases
from tests.support.databases import Database

TARGET = Relation(None, "edges", "t")
LARGE = "ü😀\n\\'" * 1_500_000


def there_and_back(
    warehouse: Warehouse, values: Any, kind: pa.DataType | None = None
) -> list[Any]:
    """What is read of a column that was written."""
    column = values if isinstance(values, pa.Array) else pa.array(values, kind)
    # Decimals without declared digits are read as floats.
    is_decimal = pa.types.is_decimal(column.type)
    types = (
        {"a": f"numeric({column.type.precision}, {column.type.scale})"} if is_decimal else {}
    )
    warehouse.write(pa.table({"a": column}), TARGET, "overwrite", types)
    back: list[Any] = warehouse.read_table(TARGET).column("a").to_pylist()
    return back


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([-(2**63), 2**63 - 1, 0, None], pa.int64()),
        ([Decimal("-" + "9" * 38), Decimal(1), None], pa.decimal128(38)),
        ([Decimal("0." + "0" * 36 + "12"), Decimal("1e-38")], pa.decimal128(38, 38)),
        ([5e-324, 1.7976931348623157e308, -0.0, 0.1 + 0.2], pa.float64()),
        ([np.float16(1.5), None], pa.float16()),
        ([dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(1582, 10, 10)], pa.date32()),
        (["", " ", "ü", "\x01\x7f", "NULL", None], pa.string()),
        ([b"", b"\x00\xff\x00", bytes(10_000_000), None], pa.binary()),
        ([True, False, None], pa.bool_()),
        ([None, None], pa.int32()),
        ([], pa.int64()),
    ],
    ids=[
        "int64",
        "decimal",
        "fraction",
        "double",
        "half",
        "date",
        "text",
        "binary",
        "bool",
        "null",
        "nothing",
    ],
)
def test_it_comes_back_as_it_was(warehouse: Warehouse, values: list[Any], kind: Any) -> None:
    assert there_and_back(warehouse, values, kind) == values


# What not every database holds, and those that do.
ALL = frozenset(databases.NAMES)
NEW_YEAR = pd.Timestamp("2024-01-01")
POSTGRES = frozenset({"postgres", "unknown-postgres"})
WITH_NUL = frozenset({"mariadb", "duckdb"})
MOST = frozenset({"postgres", "unknown-postgres", "mariadb", "duckdb"})


@pytest.mark.parametrize(
    ("values", "kind", "holding"),
    [
        ([1.5, float("inf"), float("-inf")], pa.float64(), POSTGRES | {"duckdb"}),
        (["x", "a\0b", "\0"], pa.string(), WITH_NUL),
        (["x", "ü😀", "a\u0301", "\ufeff"], pa.string(), MOST),
        (["x", LARGE], pa.string(), MOST),
        (
            [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)],
            pa.timestamp("us"),
            MOST,
        ),
        ([dt.time(0), dt.time(23, 59, 59, 999999)], pa.time64("us"), MOST),
        ([NEW_YEAR, NEW_YEAR + pd.Timedelta(1000)], pa.timestamp("ns"), ALL),
        ([NEW_YEAR, NEW_YEAR + pd.Timedelta(1)], pa.timestamp("ns"), frozenset()),
        # In the hour that summer time leaves out, and in the one that comes twice.
        (
            [dt.datetime(2024, 3, 31, 1, 30), dt.datetime(2024, 10, 27, 0, 30)],
            pa.timestamp("us", "Europe/Berlin"),
            MOST,
        ),
    ],
    ids=["infinity", "nul", "wide", "large", "moment", "time", "nanos", "finest", "zone"],
)
def test_it_comes_back_as_it_was_or_is_refused(
    warehouse: Warehouse,
    database: Database,
    values: list[Any],
    kind: pa.DataType,
    holding: frozenset[str],
) -> None:
    column = pa.array(values, kind)
    if database.name in holding:
        # PostgreSQL behind another name gives instants without saying so.
        back = pa.array(there_and_back(warehouse, column)).cast(column.type)
        assert back == column
        return
    with pytest.raises(AftError, match=r"['`]a['`].* row") as refusal:
        there_and_back(warehouse, column)
    assert str(refusal.value).startswith("cannot write 'edges.t': ")
    assert database.tables("edges") == []


def test_the_largest_of_all_integers_keeps_its_digits(warehouse: Warehouse) -> None:
    values = [2**64 - 1, 0]

    back = there_and_back(warehouse, values, pa.uint64())

    assert [int(value) for value in back] == values


def test_a_schemas_name_is_not_taken_for_a_pattern(
    warehouse: Warehouse, database: Database
) -> None:
    warehouse.write(pa.table({"a": [1]}), TARGET, "overwrite", {})
    database.make_schema("edge_")
    try:
        alike = Relation(None, "edge_", TARGET.identifier)
        warehouse.write(pa.table({"a": [2]}), alike, "append", {})

        assert database.run("select a from edges.t") == "1"
        assert database.run("select a from edge_.t") == "2"
    finally:
        database.drop_schema("edge_")


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_rows_are_sent_in_as_many_statements_as_the_server_takes(
    database: Database, warehouse: Warehouse
) -> None:
    usual = database.run("select @@global.max_allowed_packet")
    database.run("create table edges.t (a int, s longtext)")
    database.run("set global max_allowed_packet = 1048576")
    try:
        frame = pa.table({"a": range(10), "s": ["x" * 300_000] * 10})
        warehouse.write(frame, TARGET, "append", {})
        whole = "select count(*) from edges.t where s = repeat('x', 300000)"
        assert database.rows(whole) == ["10"]

        with pytest.raises(AftError, match="row 1 holds 2000000 bytes, and the server takes"):
            there_and_back(warehouse, ["x" * 2_000_000])
        assert database.rows(whole) == ["10"]
    finally:
        database.run(f"set global max_allowed_packet = {usual}")


def test_not_a_number_and_not_a_time_become_null(warehouse: Warehouse) -> None:
    frame = pd.DataFrame(
        {"x": [1.5, np.nan], "at": [pd.Timestamp("2024-01-01"), pd.NaT], "c": ["a", None]}
    ).astype({"c": "category"})

    warehouse.write(frame, TARGET, "overwrite", {})

    second = warehouse.read_table(TARGET).to_pylist()[1]
    assert second == {"x": None, "at": None, "c": None}


# A row of larger values would not fit into a page of the server's.
# DuckDB has no limit.
MOST_COLUMNS = {"postgres": 1600, "mariadb": 1017, "duckdb": 1601}


def test_as_many_columns_as_the_server_takes(warehouse: Warehouse, database: Database) -> None:
    most = MOST_COLUMNS[database.server]
    frame = pd.DataFrame({f"c{number}": [number % 3 == 0] for number in range(most)})

    warehouse.write(frame, TARGET, "overwrite", {})

    (read,) = warehouse.read_table(TARGET).slice(0, 1).to_pylist()
    assert list(read.values()) == frame.iloc[0].tolist()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame(), "no columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column named 'a'"),
        (pd.DataFrame({f"c{n}": [n] for n in range(1601)}), "1600 columns|Too many columns"),
        (pa.table({"a": pa.array([Decimal("1" * 70)], pa.decimal256(70))}), "'a'"),
    ],
    ids=["none", "twice", "many", "decimal"],
)
def test_what_the_server_does_not_hold_is_refused(
    warehouse: Warehouse, database: Database, frame: Any, message: str
) -> None:
    if database.name == "duckdb" and "columns|" in message:
        pytest.skip("DuckDB takes as many columns as there are")
    warehouse.write(pa.table({"old": [1]}), TARGET, "overwrite", {})

    with pytest.raises(AftError, match=message):
        warehouse.write(frame, TARGET, "overwrite", {})

    assert database.run("select * from edges.t") == "1"
    assert database.tables("edges") == ["t"]
