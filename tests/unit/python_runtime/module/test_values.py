# SPDX-License-Identifier: Apache-2.0
"""Frames of pandas and pyarrow come back as they were, or are refused."""

from __future__ import annotations

import datetime
import decimal
import math
import random
import struct
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from aft import _aft

from tests.unit.python_runtime.module.sqlite import read, round_trip, write


def test_a_pandas_frame_comes_back_as_it_was(connection: _aft.Connection) -> None:
    frame = pd.DataFrame(
        {
            "integer": [-(2**63), 0, 2**63 - 1],
            "real": [0.1 + 0.2, 5e-324, -math.inf],
            "text": ["😀", "", "a\0b"],
            "boolean": [True, False, True],
            "moment": pd.to_datetime(
                ["0001-01-01", "2024-02-29 12:34:56.789012", "9999-12-31"],
                format="ISO8601",
            ).astype("datetime64[us]"),
            "a.b": [1, 2, 3],
        }
    )

    back = round_trip(connection, frame).to_pandas()

    pd.testing.assert_frame_equal(back, frame)


def test_missing_values_of_pandas_come_back_as_null(connection: _aft.Connection) -> None:
    frame = pd.DataFrame(
        {
            "real": [1.5, math.nan],
            "text": ["x", None],
            "moment": [pd.Timestamp("2024-01-01"), pd.NaT],
            "integer": pd.array([1, None], dtype="Int64"),
            "boolean": pd.array([True, None], dtype="boolean"),
        }
    )

    back = round_trip(connection, frame)

    assert back.slice(1, 1).to_pylist() == [dict.fromkeys(frame.columns)]
    assert back["integer"].type == pa.int64()
    assert back["boolean"].type == pa.bool_()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_texts_of_every_layout_come_back(
    connection: _aft.Connection, kind: pa.DataType
) -> None:
    values = ["short", None, "a text of more than twelve bytes", "", "é"]

    back = round_trip(connection, pa.table({"a": pa.array(values, kind)}).slice(1))

    assert back["a"].to_pylist() == values[1:]


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(2)], ids=str
)
def test_bytes_of_every_layout_come_back(
    connection: _aft.Connection, kind: pa.DataType
) -> None:
    values = [b"\0\xff", None, b"xy"] + ([] if kind == pa.binary(2) else [b"", b"z" * 99])

    back = round_trip(connection, pa.table({"a": pa.array(values, kind)}))

    assert back["a"].to_pylist() == values


def test_categories_come_back_as_their_values(connection: _aft.Connection) -> None:
    frame = pd.DataFrame({"a": pd.Categorical(["x", "y", None, "x"])})

    assert round_trip(connection, frame)["a"].to_pylist() == ["x", "y", None, "x"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_of_every_unit_come_back(connection: _aft.Connection, unit: str) -> None:
    values = pa.array([-1, 0, 1, None], pa.timestamp(unit))

    back = round_trip(connection, pa.table({"a": values}))

    assert back["a"].type == pa.timestamp(unit)
    assert back["a"].combine_chunks() == values


def test_a_zone_keeps_its_instant(connection: _aft.Connection) -> None:
    values = pa.array([0, 1], pa.timestamp("us", "Europe/Berlin"))

    back = round_trip(connection, pa.table({"a": values}))

    assert back["a"].type == pa.timestamp("us", "UTC")
    assert back["a"].cast(pa.int64()).to_pylist() == [0, 1]


def test_dates_and_times_come_back(connection: _aft.Connection) -> None:
    frame = pa.table(
        {
            "date": [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)],
            "time": [datetime.time(0, 0), datetime.time(23, 59, 59, 999999)],
        }
    )

    assert round_trip(connection, frame) == frame


def test_decimals_keep_their_digits(connection: _aft.Connection) -> None:
    short = [decimal.Decimal("1.10"), decimal.Decimal("-99999999.99")]
    long = [decimal.Decimal("9" * 38), decimal.Decimal("-1")]
    frame = pa.table(
        {
            "short": pa.array(short, pa.decimal128(10, 2)),
            "long": pa.array(long, pa.decimal128(38, 0)),
        }
    )

    back = round_trip(connection, frame)

    assert back["short"].to_pylist() == [1.1, -99999999.99]
    assert back["long"].to_pylist() == ["9" * 38, "-1"]


def test_doubles_keep_every_bit(connection: _aft.Connection) -> None:
    source = random.Random(11)
    values = [struct.unpack("<d", source.randbytes(8))[0] for _ in range(20000)]
    values = [value for value in values if not math.isnan(value)]

    back = round_trip(connection, pa.table({"a": values}))["a"].to_pylist()

    assert [v.hex() for v in back] == [v.hex() for v in values]


def test_random_frames_come_back_by_value(connection: _aft.Connection) -> None:
    source = random.Random(5)
    makers: dict[str, Callable[[], Any]] = {
        "integer": lambda: source.randint(-(2**63), 2**63 - 1),
        "real": lambda: source.uniform(-1e9, 1e9) * 10 ** source.randint(-300, 290),
        "text": lambda: "".join(
            chr(source.choice([0, 39, 34, 0x41, 0xE9, 0x20AC, 0x1F600]))
            for _ in range(source.choice([0, 1, 5, 1019, 1023, 1030]))
        ),
        "bytes": lambda: source.randbytes(source.choice([0, 1, 511, 512, 3000])),
    }
    for _ in range(20):
        rows = source.randint(0, 50)
        frame = pa.table(
            {
                name: pa.array(
                    [make() if source.random() > 0.2 else None for _ in range(rows)], kind
                )
                for (name, make), kind in zip(
                    makers.items(), [pa.int64(), pa.float64(), pa.string(), pa.binary()]
                )
            }
        )
        assert round_trip(connection, frame) == frame


def test_a_column_of_nulls_comes_back_as_one(connection: _aft.Connection) -> None:
    back = round_trip(connection, pa.table({"a": pa.nulls(3)}))

    assert back["a"].to_pylist() == [None] * 3


def test_a_frame_without_rows_makes_an_empty_table(connection: _aft.Connection) -> None:
    frame = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})

    assert write(connection, frame) == (0, 0)
    assert read(connection, "select * from t") == frame


def test_what_no_table_holds_is_refused_by_the_name_of_its_column(
    connection: _aft.Connection,
) -> None:
    for values, what in [
        ([{"x": 1}], "structs"),
        ([datetime.timedelta(1)], "durations or intervals"),
    ]:
        with pytest.raises(_aft.Error) as error:
            write(connection, pa.table({"good": [1], "bad": values}))
        assert str(error.value) == (
            f"cannot write 'main.t': column 'bad' holds {what}, which no column of a table "
            "holds; turn it into text or numbers"
        )


def test_a_view_gives_integers_and_doubles(connection: _aft.Connection) -> None:
    write(connection, pa.table({"i": [1, 2], "r": [0.5, 0.25]}))
    connection.execute("create view v as select count(*) n, sum(r) s, max(i) m from t")

    back = read(connection, "select * from v")

    assert back.to_pylist() == [{"n": 2, "s": 0.75, "m": 2}]
    assert back.schema.types == [pa.int64(), pa.float64(), pa.int64()]
