# SPDX-License-Identifier: Apache-2.0
"""Values at the edge of what a server holds come back as they are, or are refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from aft.errors import AftError
from aft.profile import Target
from aft.project import Relation
from aft.warehouse import Warehouse

from tests.support.postgres import PostgresServer

TARGET = Relation(None, "edges", "t")
LARGE = "ü😀\n\\'" * 1_500_000


@pytest.fixture(scope="module")
def schema(postgres: PostgresServer) -> Iterator[PostgresServer]:
    postgres.run("create schema edges")
    yield postgres
    postgres.run("drop schema edges cascade")


@pytest.fixture
def warehouse(schema: PostgresServer) -> Iterator[Warehouse]:
    made = Warehouse(
        Target("p", "t", 1, "postgres", None, "edges", {}, schema.connection_string)
    )
    yield made
    made.close()


def there_and_back(
    warehouse: Warehouse, values: Any, kind: pa.DataType | None = None
) -> list[Any]:
    """What is read of a column that was written."""
    column = values if isinstance(values, pa.Array) else pa.array(values, kind)
    warehouse.write(pa.table({"a": column}), TARGET, "overwrite", {})
    back: list[Any] = warehouse.read_table(TARGET).column("a").to_pylist()
    return back


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([-(2**63), 2**63 - 1, 0, None], pa.int64()),
        ([Decimal("-" + "9" * 38), Decimal(1), None], pa.decimal128(38)),
        ([Decimal("0." + "0" * 36 + "12"), Decimal("1e-38")], pa.decimal128(38, 38)),
        ([float("inf"), float("-inf"), 5e-324, 1.7976931348623157e308, -0.0], pa.float64()),
        ([dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(1582, 10, 10)], pa.date32()),
        (
            [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)],
            pa.timestamp("us"),
        ),
        ([dt.time(0), dt.time(23, 59, 59, 999999)], pa.time64("us")),
        (["", " ", "ü😀", "a\u0301", "\x01\x7f", "\ufeff", "NULL", None], pa.string()),
        ([LARGE], pa.string()),
        ([b"", b"\x00\xff\x00", bytes(10_000_000), None], pa.binary()),
        ([True, False, None], pa.bool_()),
        ([None, None], pa.int32()),
        ([], pa.int64()),
    ],
    ids=str,
)
def test_it_comes_back_as_it_was(warehouse: Warehouse, values: list[Any], kind: Any) -> None:
    assert there_and_back(warehouse, values, kind) == values


def test_the_largest_of_all_integers_keeps_its_digits(warehouse: Warehouse) -> None:
    values = [2**64 - 1, 0]

    back = there_and_back(warehouse, values, pa.uint64())

    assert [int(value) for value in back] == values


def test_a_time_zone_keeps_the_instant(warehouse: Warehouse) -> None:
    zone = "Europe/Berlin"
    # In the hour that summer time leaves out, and in the one that comes twice.
    values = pd.DatetimeIndex(["2024-03-31 01:30", "2024-10-27 00:30"], tz="UTC")

    back = there_and_back(warehouse, pa.array(values.tz_convert(zone)))

    assert [value.timestamp() for value in back] == [v.timestamp() for v in values]


def test_not_a_number_and_not_a_time_become_null(warehouse: Warehouse) -> None:
    frame = pd.DataFrame(
        {"x": [1.5, np.nan], "at": [pd.Timestamp("2024-01-01"), pd.NaT], "c": ["a", None]}
    ).astype({"c": "category"})

    warehouse.write(frame, TARGET, "overwrite", {})

    second = warehouse.read_table(TARGET).to_pylist()[1]
    assert second == {"x": None, "at": None, "c": None}


def test_as_many_columns_as_the_server_takes(warehouse: Warehouse) -> None:
    # A row of larger values would not fit into a page of the server's.
    frame = pd.DataFrame({f"c{number}": [number % 3 == 0] for number in range(1600)})

    warehouse.write(frame, TARGET, "overwrite", {})

    assert warehouse.read(TARGET).iloc[0].tolist() == frame.iloc[0].tolist()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame(), "no columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column named 'a'"),
        (pd.DataFrame({f"c{n}": [n] for n in range(1601)}), "1600 columns"),
        (pa.table({"good": [1], "a": [[1, 2]]}), "column 'a'"),
        (pa.table({"good": [1], "a": [{"b": 1}]}), "column 'a'"),
        (pa.table({"good": [1, 2], "a": ["x", "a\0b"]}), "'a', row 2 holds text with a NUL"),
        (pa.table({"a": pa.array([Decimal("1" * 70)], pa.decimal256(70))}), "'a'"),
    ],
    ids=["none", "twice", "many", "list", "struct", "nul", "decimal"],
)
def test_what_the_server_does_not_hold_is_refused(
    warehouse: Warehouse, schema: PostgresServer, frame: Any, message: str
) -> None:
    warehouse.write(pa.table({"old": [1]}), TARGET, "overwrite", {})

    with pytest.raises(AftError, match=message):
        warehouse.write(frame, TARGET, "overwrite", {})

    assert schema.run("select * from edges.t") == "1"
    assert schema.run("select count(*) from pg_tables where schemaname = 'edges'") == "1"
